package dev.carafe.spi.snapshots;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What exists in a snapshotter. The kind decides what may be done with it. */
public sealed interface Snapshot {
  SnapshotKey key();

  /** The committed snapshot below, or null. */
  @Nullable SnapshotKey parent();

  Map<String, String> labels();

  Instant createdAt();

  Instant updatedAt();

  /** Writable; may be committed. */
  record Active(
      SnapshotKey key,
      @Nullable SnapshotKey parent,
      Map<String, String> labels,
      Instant createdAt,
      Instant updatedAt)
      implements Snapshot {
    public Active {
      labels = Map.copyOf(labels);
    }
  }

  /** Read-only; never committed. */
  record View(
      SnapshotKey key,
      @Nullable SnapshotKey parent,
      Map<String, String> labels,
      Instant createdAt,
      Instant updatedAt)
      implements Snapshot {
    public View {
      labels = Map.copyOf(labels);
    }
  }

  /** Immutable; may be a parent. */
  record Committed(
      SnapshotKey key,
      @Nullable SnapshotKey parent,
      Map<String, String> labels,
      Instant createdAt,
      Instant updatedAt)
      implements Snapshot {
    public Committed {
      labels = Map.copyOf(labels);
    }
  }
}
