package dev.carafe.metadata;

import dev.carafe.engine.stores.Container;
import dev.carafe.engine.stores.TaskRecord;
import dev.carafe.engine.stores.TypedValue;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.Stdio;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;

/** Containers and tasks to store. */
final class Containers {
  static final TypedValue SPEC = new TypedValue("types.example/Spec", new byte[] {1, 0, -1});

  private Containers() {}

  static Container container(String id, String snapshotter, String snapshotKey) {
    return container(id, snapshotter, snapshotKey, Map.of());
  }

  static Container container(
      String id, String snapshotter, String snapshotKey, Map<String, String> labels) {
    return new Container(
        id,
        labels,
        "image",
        new Container.Runtime("runc", null),
        SPEC,
        snapshotter,
        snapshotKey,
        Map.of("extension", new TypedValue("", new byte[0])),
        "sandbox",
        Instant.EPOCH,
        Instant.EPOCH);
  }

  static TaskRecord task(String id, RuntimeOptions options) {
    return new TaskRecord(
        id,
        "oci",
        Path.of("/run/bundle"),
        options,
        "boot",
        Map.of(
            "", new TaskRecord.Process(new Stdio("in", "out", "err", false), true),
            "exec", new TaskRecord.Process(Stdio.NONE, false)),
        null,
        0);
  }
}
