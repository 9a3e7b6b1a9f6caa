package dev.carafe.plugin.logs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.carafe.spi.logs.LogDestination;
import dev.carafe.spi.logs.LogDriver;
import dev.carafe.spi.logs.LoggedContainer;
import dev.carafe.testkit.logs.LogDriverConformance;
import dev.carafe.testkit.logs.LogDriverHarness;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The monitor's part, with a journal, is in runtime-oci's tests. */
class JournaldConformanceTest extends LogDriverConformance {
  @Override
  protected LogDriverHarness harness() {
    return new LogDriverHarness() {
      @Override
      public LogDriver open(Path root) {
        return new JournaldDriver();
      }

      @Override
      public Set<Behaviour> declines() {
        return EnumSet.allOf(Behaviour.class);
      }
    };
  }

  @Test
  void theTagSaysWhoseLinesTheyAre() {
    // Given
    var container =
        new LoggedContainer(
            "aa01", "web", 3, "shop", "prod", "u", Path.of("/0.log"), Map.of(), Map.of());

    // When
    List<LogDestination> destinations = new JournaldDriver().destinations(container);

    // Then
    assertEquals(List.of(new LogDestination.Journal("prod/shop/web")), destinations);
  }
}
