package dev.carafe.plugin.gc.scheduler;

import java.time.Duration;
import java.util.OptionalLong;

/**
 * The rules of when. Times are nanoseconds of a clock that only goes forward, from anywhere. Not
 * thread-safe.
 */
final class Pace {
  private static final Duration SHORTEST = Duration.ofMillis(5);
  private static final Duration WITHOUT_THRESHOLD = Duration.ofSeconds(1);

  private GcSchedulerConfig config;
  private OptionalLong due = OptionalLong.empty();
  private long notBefore;
  private boolean collectedOnce;
  private long deletions;
  private long mutations;
  private long collections;
  private Duration total = Duration.ZERO;

  Pace(GcSchedulerConfig config, long now) {
    this.config = config;
    this.notBefore = now;
    if (!config.startupDelay().isZero()) {
      due = OptionalLong.of(now + config.startupDelay().toNanos());
    }
  }

  /** Other rules from now on; what was counted stays. */
  void reload(GcSchedulerConfig next, long now) {
    config = next;
    if (hasReason()) {
      bringForward(notBefore - now > 0 ? notBefore : now + config.scheduleDelay().toNanos());
    }
  }

  /** When to look at {@link #begins} next; empty for not before the next change. */
  OptionalLong due() {
    return due;
  }

  /**
   * Something was committed.
   *
   * @return whether {@link #due} came nearer
   */
  boolean mutated(long now, boolean deletion) {
    mutations++;
    if (deletion) {
      deletions++;
    }
    long soonest = now + config.scheduleDelay().toNanos();
    if (config.deletionThreshold() > 0 && deletions >= config.deletionThreshold()) {
      return bringForward(soonest);
    }
    return due.isEmpty()
        && hasReason()
        && bringForward(notBefore - soonest > 0 ? notBefore : soonest);
  }

  /** Whether a collection begins now; if not, {@link #due} says what is next. */
  boolean begins(long now) {
    if (due.isEmpty() || now - due.getAsLong() < 0) {
      return false;
    }
    due = OptionalLong.empty();
    if (collectedOnce && !hasReason()) {
      return false;
    }
    deletions = 0;
    mutations = 0;
    return true;
  }

  /** A collection that {@link #begins} allowed has ended well. */
  void collected(long now, Duration took) {
    collectedOnce = true;
    collections++;
    total = total.plus(took);
    rest(now);
  }

  /** A collection failed: what it was for is still to be done. */
  void failed(long now) {
    deletions++;
    rest(now);
  }

  private void rest(long now) {
    notBefore = now + interval().toNanos();
    due = OptionalLong.of(notBefore);
  }

  private boolean hasReason() {
    return deletions > 0
        || config.mutationThreshold() > 0 && mutations >= config.mutationThreshold();
  }

  private boolean bringForward(long time) {
    if (due.isPresent() && due.getAsLong() - time <= 0) {
      return false;
    }
    due = OptionalLong.of(time);
    return true;
  }

  /** Long enough for collections to take no more than their part of the time. */
  Duration interval() {
    if (config.pauseThreshold() == 0) {
      return WITHOUT_THRESHOLD;
    }
    Duration average = collections == 0 ? SHORTEST : total.dividedBy(collections);
    if (average.compareTo(SHORTEST) < 0) {
      average = SHORTEST;
    }
    return Duration.ofNanos((long) (average.toNanos() / config.pauseThreshold())).minus(average);
  }
}
