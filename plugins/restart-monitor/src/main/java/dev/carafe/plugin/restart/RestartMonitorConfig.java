package dev.carafe.plugin.restart;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.Description;
import java.time.Duration;

/** How often containers are looked at, and how soon restarted. */
public record RestartMonitorConfig(
    @Description(
            "How often all containers are looked at; exits are acted upon at once, this catches what"
                + " no event told.")
        Duration interval,
    @Description("How long after its exit a container is restarted for the first time.")
        Duration delay,
    @Description("The most that the delay grows to; it doubles with each exit soon after a start.")
        Duration maxDelay,
    @Description("A container that ran this long is no longer in a crash loop.") Duration healthy) {
  private static final Duration LONGEST = Duration.ofHours(1);

  public static final RestartMonitorConfig DEFAULT =
      new RestartMonitorConfig(
          Duration.ofSeconds(10),
          Duration.ofSeconds(1),
          Duration.ofMinutes(1),
          Duration.ofSeconds(10));

  public RestartMonitorConfig {
    check("interval", interval);
    check("delay", delay);
    check("max_delay", maxDelay);
    check("healthy", healthy);
    if (maxDelay.compareTo(delay) < 0) {
      throw new InvalidArgumentException("max_delay is less than delay");
    }
  }

  private static void check(String key, Duration value) {
    if (value.toMillis() < 100 || value.compareTo(LONGEST) > 0) {
      throw new InvalidArgumentException(key + " is not in 100ms to 1h");
    }
  }
}
