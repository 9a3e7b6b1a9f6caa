package dev.carafe.engine.stores;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What exists; what runs is a task.
 *
 * @param image name, or empty
 * @param snapshotter with {@code snapshotKey}: its root file system, both empty if it has none
 */
public record Container(
    String id,
    Map<String, String> labels,
    String image,
    Runtime runtime,
    @Nullable TypedValue spec,
    String snapshotter,
    String snapshotKey,
    Map<String, TypedValue> extensions,
    String sandboxId,
    Instant createdAt,
    Instant updatedAt) {
  public Container {
    labels = Map.copyOf(labels);
    extensions = Map.copyOf(extensions);
  }

  /** Which runtime runs it. */
  public record Runtime(String name, @Nullable TypedValue options) {}
}
