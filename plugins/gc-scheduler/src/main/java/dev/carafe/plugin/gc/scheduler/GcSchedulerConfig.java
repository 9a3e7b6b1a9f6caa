package dev.carafe.plugin.gc.scheduler;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.Description;
import java.time.Duration;

/** When garbage is collected; keys and defaults are containerd's. */
public record GcSchedulerConfig(
    @Description(
            "The part of the time that collections may take, 0 to 0.5. With 0 they are a second"
                + " apart, whatever they take.")
        double pauseThreshold,
    @Description(
            "After how many deletions a collection comes without waiting for its time; 0 for never.")
        int deletionThreshold,
    @Description(
            "After how many changes a collection comes at its time although nothing was deleted; 0"
                + " for never.")
        int mutationThreshold,
    @Description("How long after the reason for a collection it begins.") Duration scheduleDelay,
    @Description(
            "How long after the start of the daemon the first collection begins; 0 for not before"
                + " there is a reason.")
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
