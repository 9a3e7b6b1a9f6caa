package dev.carafe.plugin.restart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.engine.stores.Namespace;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BackoffTest {
  private static final long SECOND = 1_000_000_000L;
  private static final Workload ONE = new Workload(new Namespace("ns"), "one");
  private static final RestartMonitorConfig CONFIG = RestartMonitorConfig.DEFAULT;

  private final Backoff backoff = new Backoff();

  @Test
  void theDelayDoublesUpToItsLimit() {
    List<Long> seconds = new ArrayList<>();
    long now = 5 * SECOND;
    for (int i = 0; i < 9; i++) {
      long next = backoff.ended(ONE, CONFIG, now);
      seconds.add((next - now) / SECOND);
      now = next;
      backoff.started(ONE, now);
    }
    assertEquals(List.of(1L, 2L, 4L, 8L, 16L, 32L, 60L, 60L, 60L), seconds);
  }

  @Test
  void anExitThatIsSaidTwiceIsOneExit() {
    long first = backoff.ended(ONE, CONFIG, 0);
    assertEquals(first, backoff.ended(ONE, CONFIG, SECOND / 2));
  }

  @Test
  void whoRanLongEnoughBeginsAnew() {
    backoff.ended(ONE, CONFIG, 0);
    backoff.started(ONE, SECOND);
    backoff.ended(ONE, CONFIG, 2 * SECOND);
    backoff.started(ONE, 4 * SECOND);
    assertEquals(15 * SECOND, backoff.ended(ONE, CONFIG, 14 * SECOND));
  }

  @Test
  void whoeverIsStartedByOthersWaitsAgainAfterTheNextExit() {
    backoff.ended(ONE, CONFIG, 0);
    backoff.runs(ONE);
    assertEquals(101 * SECOND, backoff.ended(ONE, CONFIG, 100 * SECOND));
  }

  @Test
  void whatIsGoneIsForgotten() {
    backoff.started(ONE, 0);
    backoff.retain(Set.of());
    assertEquals(SECOND, backoff.ended(ONE, CONFIG, 0));
  }

  @Test
  void theConfigurationIsChecked() {
    assertEquals(Duration.ofSeconds(10), CONFIG.interval());
    assertThrows(
        InvalidArgumentException.class,
        () ->
            new RestartMonitorConfig(
                Duration.ZERO, CONFIG.delay(), CONFIG.maxDelay(), CONFIG.healthy()));
    assertThrows(
        InvalidArgumentException.class,
        () ->
            new RestartMonitorConfig(
                CONFIG.interval(), CONFIG.maxDelay(), CONFIG.delay(), CONFIG.healthy()));
  }
}
