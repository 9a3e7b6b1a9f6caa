package dev.carafe.engine.stores;

import java.time.Instant;
import java.util.Map;

/**
 * Holds objects against garbage collection until deleted or, with {@link Labels#GC_EXPIRE}, until
 * that time.
 */
public record Lease(String id, Map<String, String> labels, Instant createdAt) {
  public Lease {
    labels = Map.copyOf(labels);
  }

  /**
   * Something that a lease holds.
   *
   * @param type {@code content}, {@code ingests}, {@code images} or {@code snapshots/SNAPSHOTTER}
   */
  public record Resource(String type, String id) {}
}
