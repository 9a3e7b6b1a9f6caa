package dev.carafe.plugin.snapshotter.proxy;

import dev.carafe.plugin.proxy.testing.PeerServer;
import dev.carafe.plugin.proxy.testing.ServedStores;
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

/** A proxy that takes its peer with it when it is closed. */
record ServedSnapshotter(ProxySnapshotter proxy, PeerServer server, ServedStores stores)
    implements Snapshotter, AutoCloseable {
  @Override
  public Set<Capability> capabilities() {
    return proxy.capabilities();
  }

  @Override
  public Snapshot stat(SnapshotKey key) {
    return proxy.stat(key);
  }

  @Override
  public Snapshot updateLabels(SnapshotKey key, UnaryOperator<Map<String, String>> change) {
    return proxy.updateLabels(key, change);
  }

  @Override
  public Usage usage(SnapshotKey key) {
    return proxy.usage(key);
  }

  @Override
  public List<Mount> mounts(SnapshotKey key) {
    return proxy.mounts(key);
  }

  @Override
  public List<Mount> prepare(
      SnapshotKey key, @Nullable SnapshotKey parent, Map<String, String> labels) {
    return proxy.prepare(key, parent, labels);
  }

  @Override
  public List<Mount> view(
      SnapshotKey key, @Nullable SnapshotKey parent, Map<String, String> labels) {
    return proxy.view(key, parent, labels);
  }

  @Override
  public void commit(CommitRequest request) {
    proxy.commit(request);
  }

  @Override
  public void remove(SnapshotKey key) {
    proxy.remove(key);
  }

  @Override
  public void forEach(Consumer<Snapshot> visitor) {
    proxy.forEach(visitor);
  }

  @Override
  public void cleanup() {
    proxy.cleanup();
  }

  @Override
  public void close() throws Exception {
    proxy.close();
    server.close();
    stores.close();
  }
}
