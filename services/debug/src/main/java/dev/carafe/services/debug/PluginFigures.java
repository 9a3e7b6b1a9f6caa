package dev.carafe.services.debug;

import dev.carafe.graph.PluginNode;

/**
 * A plugin and what became of the calls on it.
 *
 * @param deadlineHits calls that were not back in time
 * @param refused calls turned away at the limit
 */
public record PluginFigures(
    PluginNode plugin, long calls, long failures, long deadlineHits, long refused, int inFlight) {}
