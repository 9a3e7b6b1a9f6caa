package dev.carafe.spi.content;

import java.time.Instant;
import java.util.Map;

/** A committed blob. Sizes in bytes. */
public record BlobInfo(
    Digest digest, long size, Instant createdAt, Instant updatedAt, Map<String, String> labels) {
  public BlobInfo {
    labels = Map.copyOf(labels);
  }
}
