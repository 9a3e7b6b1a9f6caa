package dev.carafe.services.telemetry;

/**
 * What became of the calls on a plugin.
 *
 * @param plugin TYPE.ID
 * @param seconds that its bounded calls took together
 */
public record PluginCalls(
    String plugin,
    long calls,
    double seconds,
    long failures,
    long deadlineHits,
    long refused,
    int inFlight) {}
