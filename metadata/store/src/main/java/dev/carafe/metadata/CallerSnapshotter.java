package dev.carafe.metadata;

import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.plugins.Caller;
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

/** A back end that is told who calls; for proxies, which pass it on. */
record CallerSnapshotter(Snapshotter backend, Caller caller) implements Snapshotter {
  @Override
  public Set<Capability> capabilities() {
    return backend.capabilities();
  }

  @Override
  public Snapshot stat(SnapshotKey key) {
    return caller.call(() -> backend.stat(key));
  }

  @Override
  public Snapshot updateLabels(SnapshotKey key, UnaryOperator<Map<String, String>> change) {
    return caller.call(() -> backend.updateLabels(key, change));
  }

  @Override
  public Usage usage(SnapshotKey key) {
    return caller.call(() -> backend.usage(key));
  }

  @Override
  public List<Mount> mounts(SnapshotKey key) {
    return caller.call(() -> backend.mounts(key));
  }

  @Override
  public List<Mount> prepare(
      SnapshotKey key, @Nullable SnapshotKey parent, Map<String, String> labels) {
    return caller.call(() -> backend.prepare(key, parent, labels));
  }

  @Override
  public List<Mount> view(
      SnapshotKey key, @Nullable SnapshotKey parent, Map<String, String> labels) {
    return caller.call(() -> backend.view(key, parent, labels));
  }

  @Override
  public void commit(CommitRequest request) {
    caller.run(() -> backend.commit(request));
  }

  @Override
  public void remove(SnapshotKey key) {
    caller.run(() -> backend.remove(key));
  }

  @Override
  public void forEach(Consumer<Snapshot> visitor) {
    caller.run(() -> backend.forEach(visitor));
  }

  @Override
  public void cleanup() {
    caller.run(backend::cleanup);
  }
}
