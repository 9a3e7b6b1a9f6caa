package dev.carafe.plugin.gc.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.engine.stores.Metadata;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class GcSchedulerConfigTest {
  @Test
  void defaultsAreThoseOfContainerd() {
    assertEquals(
        new GcSchedulerConfig(0.02, 0, 100, Duration.ZERO, Duration.ofMillis(100)),
        GcSchedulerConfig.DEFAULT);
  }

  @Test
  void declarationIsThatOfContainerd() {
    var declaration = new GcSchedulerFactory().declaration();
    assertEquals("io.containerd.gc.v1.scheduler", declaration.uri());
    assertEquals(List.of(Metadata.TYPE), declaration.requires());
    assertEquals(GcSchedulerConfig.DEFAULT, declaration.defaults());
  }

  @Test
  void valuesOutOfRangeAreRefused() {
    Duration zero = Duration.ZERO;
    Duration negative = Duration.ofMillis(-1);
    for (double wrong : new double[] {-0.01, 0.51, Double.NaN}) {
      assertThrows(
          InvalidArgumentException.class, () -> new GcSchedulerConfig(wrong, 0, 0, zero, zero));
    }
    assertThrows(InvalidArgumentException.class, () -> new GcSchedulerConfig(0, -1, 0, zero, zero));
    assertThrows(InvalidArgumentException.class, () -> new GcSchedulerConfig(0, 0, -1, zero, zero));
    assertThrows(
        InvalidArgumentException.class, () -> new GcSchedulerConfig(0, 0, 0, negative, zero));
    assertThrows(
        InvalidArgumentException.class, () -> new GcSchedulerConfig(0, 0, 0, zero, negative));
  }
}
