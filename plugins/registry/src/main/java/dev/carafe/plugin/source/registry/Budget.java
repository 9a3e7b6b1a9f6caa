package dev.carafe.plugin.source.registry;

import java.net.SocketTimeoutException;
import java.time.Duration;

/** The time that one call may still take. */
final class Budget {
  private final long deadline;

  private Budget(long deadline) {
    this.deadline = deadline;
  }

  static Budget of(Duration time) {
    return new Budget(System.nanoTime() + time.toNanos());
  }

  /** A part of this budget, at most {@code limit}. */
  Budget part(Duration limit) {
    return of(atMost(limit));
  }

  /** What is left; never negative. */
  Duration left() {
    return Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
  }

  Duration atMost(Duration limit) {
    Duration left = left();
    return left.compareTo(limit) < 0 ? left : limit;
  }

  /**
   * Whole milliseconds for a socket: at least 1, because 0 means for ever there.
   *
   * @throws SocketTimeoutException if nothing is left
   */
  int millis(Duration limit) throws SocketTimeoutException {
    Duration time = atMost(limit);
    if (time.isZero()) {
      throw new SocketTimeoutException("out of time");
    }
    return Math.toIntExact(Math.max(1, Math.min(Integer.MAX_VALUE, time.toMillis())));
  }
}
