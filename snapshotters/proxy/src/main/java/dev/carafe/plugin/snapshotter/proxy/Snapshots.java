package dev.carafe.plugin.snapshotter.proxy;

import dev.carafe.api.services.snapshots.v1.Info;
import dev.carafe.plugin.proxy.support.Answers;
import dev.carafe.plugin.proxy.support.Peer;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.snapshots.Snapshot;
import dev.carafe.spi.snapshots.SnapshotKey;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Snapshots as the peer describes them. */
record Snapshots(Peer peer, Answers answers) {
  /** The description of one snapshot that was asked for. */
  Snapshot of(SnapshotKey key, Info info) {
    if (!info.getName().equals(key.value())) {
      throw peer.nonsense(
          "asked for snapshot \"" + key + "\", answers with \"" + info.getName() + "\"");
    }
    return of(info);
  }

  Snapshot of(Info info) {
    SnapshotKey key = key(info.getName());
    SnapshotKey parent = info.getParent().isEmpty() ? null : key(info.getParent());
    Map<String, String> labels = info.getLabelsMap();
    Instant created = answers.instant(info.getCreatedAt());
    Instant updated = answers.instant(info.getUpdatedAt());
    return switch (info.getKind()) {
      case ACTIVE -> new Snapshot.Active(key, parent, labels, created, updated);
      case VIEW -> new Snapshot.View(key, parent, labels, created, updated);
      case COMMITTED -> new Snapshot.Committed(key, parent, labels, created, updated);
      case UNKNOWN, UNRECOGNIZED ->
          throw peer.nonsense(
              "answers that snapshot \"" + key + "\" is of kind " + info.getKindValue());
    };
  }

  private SnapshotKey key(String name) {
    try {
      return new SnapshotKey(name);
    } catch (InvalidArgumentException e) {
      throw peer.nonsense("answers with a " + e.getMessage());
    }
  }

  static String text(@Nullable SnapshotKey key) {
    return key == null ? "" : key.value();
  }
}
