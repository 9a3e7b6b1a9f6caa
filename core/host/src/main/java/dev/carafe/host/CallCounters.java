package dev.carafe.host;

/**
 * What became of the calls on a plugin.
 *
 * @param calls let in so far, those in flight included
 * @param failures ended with anything but a result or one of the SPI's errors
 * @param deadlineHits not back by their deadline
 * @param refused turned away because too many were in flight
 * @param inFlight now; includes calls that nobody waits for any more
 */
public record CallCounters(
    long calls, long failures, long deadlineHits, long refused, int inFlight) {
  static final CallCounters NONE = new CallCounters(0, 0, 0, 0, 0);
}
