package dev.carafe.metadata;

import dev.carafe.spi.snapshots.Snapshot;
import dev.carafe.spi.snapshots.SnapshotKey;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot as its namespace sees it.
 *
 * @param backendKey what the back end calls it
 * @param parent the parent's key in this namespace, or null
 */
record SnapshotRecord(
    Kind kind,
    String backendKey,
    @Nullable String parent,
    Instant createdAt,
    Instant updatedAt,
    Map<String, String> labels) {

  /** Stored by position: only ever append. */
  enum Kind {
    ACTIVE,
    VIEW,
    COMMITTED
  }

  SnapshotRecord withLabels(Map<String, String> changed, Instant now) {
    return new SnapshotRecord(kind, backendKey, parent, createdAt, now, changed);
  }

  /** What callers see; {@code shown} are the labels to show. */
  Snapshot snapshot(String key, Map<String, String> shown) {
    SnapshotKey name = new SnapshotKey(key);
    SnapshotKey below = parent == null ? null : new SnapshotKey(parent);
    return switch (kind) {
      case ACTIVE -> new Snapshot.Active(name, below, shown, createdAt, updatedAt);
      case VIEW -> new Snapshot.View(name, below, shown, createdAt, updatedAt);
      case COMMITTED -> new Snapshot.Committed(name, below, shown, createdAt, updatedAt);
    };
  }
}
