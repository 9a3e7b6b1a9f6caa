package dev.carafe.plugin.gc.scheduler;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.time.Duration;

/**
 * When garbage is collected. Names and defaults are containerd's.
 *
 * @param pauseThreshold the part of the time that collections may take, 0 to 0.5; with 0 they are a
 *     second apart whatever they take
 * @param deletionThreshold after how many deletions a collection comes without waiting for its
 *     time; 0 for never
 * @param mutationThreshold after how many changes a collection comes at its time though nothing was
 *     deleted; 0 for never
 * @param scheduleDelay between the reason for a collection and its begin
 * @param startupDelay between the start of the daemon and the first collection; 0 for none before
 *     there is a reason
 */
public record GcSchedulerConfig(
    double pauseThreshold,
    int deletionThreshold,
    int mutationThreshold,
    Duration scheduleDelay,
    Duration startupDelay) {
  public static final GcSchedulerConfig DEFAULT =
      new GcSchedulerConfig(0.02, 0, 100, Duration.ZERO, Duration.ofMillis(100));

  public GcSchedulerConfig {
    if (!(pauseThreshold >= 0 && pauseThreshold <= 0.5)) {
      throw new InvalidArgumentException(
          "pause_threshold " + pauseThreshold + " is not between 0 and 0.5");
    }
    require("deletion_threshold", deletionThreshold, deletionThreshold < 0);
    require("mutation_threshold", mutationThreshold, mutationThreshold < 0);
    require("schedule_delay", scheduleDelay, scheduleDelay.isNegative());
    require("startup_delay", startupDelay, startupDelay.isNegative());
  }

  private static void require(String name, Object value, boolean negative) {
    if (negative) {
      throw new InvalidArgumentException(name + " " + value + " is negative");
    }
  }
}
