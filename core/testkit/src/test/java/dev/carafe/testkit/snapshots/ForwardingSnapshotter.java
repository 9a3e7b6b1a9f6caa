package dev.carafe.testkit.snapshots;

import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.snapshots.Capability;
import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.Snapshot;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.spi.snapshots.Usage;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A right snapshotter; subclasses do one thing wrong. */
class ForwardingSnapshotter implements Snapshotter {
  final Snapshotter right;

  ForwardingSnapshotter(Snapshotter right) {
    this.right = right;
  }

  @Override
  public Set<Capability> capabilities() {
    return right.capabilities();
  }

  @Override
  public Snapshot stat(SnapshotKey key) {
    return right.stat(key);
  }

  @Override
  public Snapshot updateLabels(SnapshotKey key, UnaryOperator<Map<String, String>> change) {
    return right.updateLabels(key, change);
  }

  @Override
  public Usage usage(SnapshotKey key) {
    return right.usage(key);
  }

  @Override
  public List<Mount> mounts(SnapshotKey key) {
    return right.mounts(key);
  }

  @Override
  public List<Mount> prepare(
      SnapshotKey key, @Nullable SnapshotKey parent, Map<String, String> labels) {
    return right.prepare(key, parent, labels);
  }

  @Override
  public List<Mount> view(
      SnapshotKey key, @Nullable SnapshotKey parent, Map<String, String> labels) {
    return right.view(key, parent, labels);
  }

  @Override
  public void commit(CommitRequest request) {
    right.commit(request);
  }

  @Override
  public void remove(SnapshotKey key) {
    right.remove(key);
  }

  @Override
  public void forEach(Consumer<Snapshot> visitor) {
    right.forEach(visitor);
  }

  @Override
  public void cleanup() {
    right.cleanup();
  }
}
