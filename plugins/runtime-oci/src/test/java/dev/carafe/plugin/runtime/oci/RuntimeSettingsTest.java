package dev.carafe.plugin.runtime.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.runtimes.RuntimeOptions;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which resource manager a task has. */
class RuntimeSettingsTest {
  private static OciRuntimeConfig table(boolean systemd, String manager) {
    var d = OciRuntimeConfig.DEFAULT;
    return new OciRuntimeConfig(
        "/bin/true",
        d.conmon(),
        d.root(),
        systemd,
        manager,
        false,
        false,
        d.createTimeout(),
        d.commandTimeout(),
        d.drainTimeout());
  }

  private static String chosen(OciRuntimeConfig table, Map<String, Object> options) {
    return RuntimeSettings.resources(table, new RuntimeOptions(options));
  }

  @Test
  void thePluginsTableCountsWhereOptionsSayNothing() {
    assertEquals("cgroupfs", chosen(table(false, ""), Map.of()));
    assertEquals("systemd", chosen(table(true, ""), Map.of()));
    assertEquals("mine", chosen(table(false, "mine"), Map.of()));
    assertEquals("mine", chosen(table(true, "mine"), Map.of()));
  }

  @Test
  void optionsWinByNameOrByFlag() {
    assertEquals("systemd", chosen(table(false, "mine"), Map.of("systemd_cgroup", true)));
    assertEquals("cgroupfs", chosen(table(true, ""), Map.of("systemd_cgroup", false)));
    assertEquals(
        "mine",
        chosen(table(true, ""), Map.of("systemd_cgroup", true, "resource_manager", "mine")));
  }

  @Test
  void theOciRuntimeIsToldWhatTheManagerIs() {
    for (boolean systemd : new boolean[] {true, false}) {
      // When
      RuntimeSettings settings =
          RuntimeSettings.of(
              table(systemd, ""), Path.of("/state"), RuntimeOptions.NONE, "ns", Configs.RESOURCES);

      // Then
      assertEquals(systemd, settings.systemdCgroup());
    }
  }

  @Test
  void aManagerThatIsNotThereIsNamed() {
    // When
    var failure =
        assertThrows(
            FailedPreconditionException.class,
            () ->
                RuntimeSettings.of(
                    table(false, "gone"),
                    Path.of("/state"),
                    RuntimeOptions.NONE,
                    "ns",
                    Configs.RESOURCES));

    // Then
    assertTrue(failure.getMessage().contains("\"gone\""), failure.getMessage());
  }
}
