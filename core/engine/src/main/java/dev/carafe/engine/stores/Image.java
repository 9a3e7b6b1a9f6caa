package dev.carafe.engine.stores;

import dev.carafe.spi.content.Descriptor;
import java.time.Instant;
import java.util.Map;

/** A name for a piece of content. Times are set by the store. */
public record Image(
    String name,
    Map<String, String> labels,
    Descriptor target,
    Instant createdAt,
    Instant updatedAt) {
  public Image {
    labels = Map.copyOf(labels);
  }

  /** An image that is not stored yet. */
  public static Image of(String name, Descriptor target, Map<String, String> labels) {
    return new Image(name, labels, target, Instant.EPOCH, Instant.EPOCH);
  }
}
