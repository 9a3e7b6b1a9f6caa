package dev.carafe.plugin.snapshotter.support;

import dev.carafe.spi.snapshots.Snapshot;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.spi.snapshots.Usage;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the log keeps of a snapshot.
 *
 * @param id names the directory; never used again
 * @param parent id of the snapshot below, or 0
 * @param usage known once it was measured after commit
 */
record StoredSnapshot(
    long id,
    SnapshotKind kind,
    SnapshotKey key,
    long parent,
    Map<String, String> labels,
    Instant createdAt,
    Instant updatedAt,
    @Nullable Usage usage) {
  StoredSnapshot {
    labels = Map.copyOf(labels);
  }

  StoredSnapshot committed(
      SnapshotKey name, long below, Map<String, String> newLabels, Instant now) {
    return new StoredSnapshot(id, SnapshotKind.COMMITTED, name, below, newLabels, now, now, null);
  }

  StoredSnapshot withLabels(Map<String, String> newLabels, Instant now) {
    Instant updated = now.isBefore(updatedAt) ? updatedAt : now;
    return new StoredSnapshot(id, kind, key, parent, newLabels, createdAt, updated, usage);
  }

  StoredSnapshot withUsage(Usage measured) {
    return new StoredSnapshot(id, kind, key, parent, labels, createdAt, updatedAt, measured);
  }

  Snapshot toSnapshot(@Nullable SnapshotKey below, Map<String, String> shown) {
    Map<String, String> all = labels;
    if (!shown.isEmpty()) {
      all = new HashMap<>(labels);
      all.putAll(shown);
    }
    return switch (kind) {
      case ACTIVE -> new Snapshot.Active(key, below, all, createdAt, updatedAt);
      case VIEW -> new Snapshot.View(key, below, all, createdAt, updatedAt);
      case COMMITTED -> new Snapshot.Committed(key, below, all, createdAt, updatedAt);
    };
  }
}
