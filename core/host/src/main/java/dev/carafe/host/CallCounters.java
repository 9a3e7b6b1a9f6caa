package dev.carafe.host;

/**
 * What became of the calls on a plugin.
 *
 * @param calls let in so far, those in flight included
 * @param failures ended with anything but a result or one of the SPI's errors
 * @param deadlineHits not back by their deadline
 * @param refused turned away because too many were in flight
 * @param inFlight now; includes calls that nobody waits for any more
 * @param badInARow the last ones, one after the other, that failed or did not come back in time
 */
public record CallCounters(
    long calls, long failures, long deadlineHits, long refused, int inFlight, int badInARow) {
  static final CallCounters NONE = new CallCounters(0, 0, 0, 0, 0, 0);
}
