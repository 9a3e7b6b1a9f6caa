package dev.carafe.plugin.source.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class GoDurationTest {
  @Test
  void goodOnesAreRead() {
    assertEquals(Optional.of(Duration.ofSeconds(30)), GoDuration.parse("30s"));
    assertEquals(Optional.of(Duration.ofMillis(90_500)), GoDuration.parse("1m30.5s"));
    assertEquals(Optional.of(Duration.ofMinutes(90)), GoDuration.parse("1.5h"));
    assertEquals(Optional.of(Duration.ofNanos(1_002_003)), GoDuration.parse("1ms2us3ns"));
    assertEquals(Optional.of(Duration.ZERO), GoDuration.parse("0"));
  }

  @Test
  void othersAreNone() {
    for (String text :
        List.of("", "5", "s", "-5s", "5 s", "5d", "1m x", "1..5s", "999999999h999999999h")) {
      assertTrue(GoDuration.parse(text).isEmpty(), text);
    }
  }
}
