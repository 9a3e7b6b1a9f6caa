package dev.carafe.plugin.runtime.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.plugin.runtime.oci.TaskState.ProcessState;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.resources.GroupPlace;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateCodecTest {
  private static final RuntimeSettings SETTINGS =
      new RuntimeSettings(
          "/usr/bin/runc", "/run/x", true, "systemd", false, true, "/shims", 1, 2, "/work");

  @TempDir Path directory;

  @Test
  void whatIsWrittenIsRead() {
    // Given
    TaskState state = state();

    // Then
    assertEquals(state, StateCodec.decode(StateCodec.encode(state)));
  }

  @Test
  void onlyComponentsAreWritten() {
    // When
    String json = new String(StateCodec.encode(state()).value(), StandardCharsets.UTF_8);

    // Then
    assertTrue(json.contains("\"startTime\":77"), json);
    assertFalse(json.contains("\"none\""), json);
    assertFalse(json.contains("\"alive\""), json);
  }

  @Test
  void whatALaterVersionAddsIsSkipped() {
    // Given
    String json = new String(StateCodec.encode(state()).value(), StandardCharsets.UTF_8);
    String later = json.replace("\"boot\":", "\"later\":[1],\"boot\":");

    // Then
    assertEquals(state(), StateCodec.decode(bytes(later)));
  }

  @Test
  void aStateWithoutAResourceManagerHasTheOneOfItsFlag() {
    // Given
    String json = new String(StateCodec.encode(state()).value(), StandardCharsets.UTF_8);
    String earlier = json.replace("\"resources\":\"systemd\",", "");

    // Then
    assertFalse(earlier.contains("\"resources\""), earlier);
    assertEquals(state(), StateCodec.decode(bytes(earlier)));
    assertEquals(
        "cgroupfs",
        StateCodec.decode(
                bytes(earlier.replace("\"systemdCgroup\":true", "\"systemdCgroup\":false")))
            .settings()
            .resources());
  }

  @Test
  void anotherVersionIsRefusedAndRubbishIsDataLoss() {
    assertThrows(
        FailedPreconditionException.class, () -> StateCodec.decode(bytes("{\"version\": 2}")));
    assertThrows(DataLossException.class, () -> StateCodec.decode(bytes("{\"version\":")));
    assertThrows(DataLossException.class, () -> StateCodec.decode(bytes("")));
    assertThrows(DataLossException.class, () -> StateCodec.decode(bytes("{\"version\": 1}")));
  }

  @Test
  void anIntentIsReadBack() throws IOException {
    // Given
    var intent = new StateCodec.Intent("ns", "id", SETTINGS, "/ns/id");
    Path file = directory.resolve("intent.json");

    // When
    Files.write(file, StateCodec.bytes(intent));

    // Then
    assertEquals(intent, StateCodec.readIntent(file));
  }

  private static TaskState state() {
    var init =
        new ProcessState(
            "",
            0,
            new Stdio("/in", "/out", "", true),
            true,
            new Pid(12, 77),
            new Pid(11, 76),
            6,
            List.of(new Pid(13, 78)),
            new Pid(14, 79),
            0);
    return new TaskState(
        "boot",
        "ns",
        "id",
        "/bundles/ns/id",
        SETTINGS,
        "",
        new GroupPlace(true, Map.of("", "/sys/fs/cgroup/ns/id")),
        true,
        true,
        init,
        List.of(ProcessState.added("x", 1, Stdio.NONE)),
        2);
  }

  private static RuntimeState bytes(String json) {
    return new RuntimeState(json.getBytes(StandardCharsets.UTF_8));
  }
}
