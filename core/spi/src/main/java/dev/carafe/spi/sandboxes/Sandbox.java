package dev.carafe.spi.sandboxes;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a client says of a sandbox; what is made of it is its controller's.
 *
 * @param controller id of the controller, or empty
 */
public record Sandbox(
    String id,
    Runtime runtime,
    @Nullable SandboxValue spec,
    Map<String, String> labels,
    Map<String, SandboxValue> extensions,
    Instant createdAt,
    Instant updatedAt,
    String controller) {
  public Sandbox {
    labels = Map.copyOf(labels);
    extensions = Map.copyOf(extensions);
  }

  /** Which runtime its containers are for. */
  public record Runtime(String name, @Nullable SandboxValue options) {
    public static final Runtime NONE = new Runtime("", null);
  }

  /** The same with what a client may change. */
  public Sandbox with(
      Runtime newRuntime,
      @Nullable SandboxValue newSpec,
      Map<String, String> newLabels,
      Map<String, SandboxValue> newExtensions) {
    return new Sandbox(
        id, newRuntime, newSpec, newLabels, newExtensions, createdAt, updatedAt, controller);
  }
}
