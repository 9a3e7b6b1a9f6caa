package dev.carafe.plugin.runtime.wasm;

import com.fasterxml.jackson.databind.JsonNode;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.TaskLocation;
import java.nio.file.Path;

/** What is remembered of a task: which one it is. All else ends with the daemon. */
final class TaskState {
  private static final int VERSION = 1;

  private TaskState() {}

  static RuntimeState of(TaskLocation location) {
    var json = Json.newObject().put("version", VERSION);
    json.put("namespace", location.namespace()).put("id", location.id());
    json.put("bundle", location.bundle().toString());
    return new RuntimeState(Json.bytes(json));
  }

  static TaskLocation location(RuntimeState state) {
    JsonNode json = Json.object(state.value(), "state of a WebAssembly task");
    if (json.path("version").asInt() != VERSION) {
      throw new InvalidArgumentException(
          "state of a WebAssembly task: version " + json.path("version") + ", not " + VERSION);
    }
    return new TaskLocation(
        json.path("namespace").asText(),
        json.path("id").asText(),
        Path.of(json.path("bundle").asText()));
  }
}
