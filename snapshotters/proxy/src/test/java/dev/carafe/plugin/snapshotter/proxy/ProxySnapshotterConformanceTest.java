package dev.carafe.plugin.snapshotter.proxy;

import dev.carafe.plugin.proxy.support.Peer;
import dev.carafe.plugin.proxy.testing.PeerServer;
import dev.carafe.plugin.proxy.testing.ServedStores;
import dev.carafe.testkit.snapshots.SnapshotterConformance;
import dev.carafe.testkit.snapshots.SnapshotterHarness;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** The proxy over Carafe's own service, whose snapshots outlive the proxy. */
class ProxySnapshotterConformanceTest extends SnapshotterConformance {
  private final Map<Path, ServedStores> stores = new HashMap<>();

  @Override
  protected SnapshotterHarness harness() {
    return root -> {
      ServedStores served = stores.computeIfAbsent(root, ServedStores::in);
      Path socket = root.resolve("s" + System.nanoTime());
      PeerServer server = served.serve(socket);
      Peer peer = Peer.open(PeerServer.settings(socket, "rebase"));
      return new ServedSnapshotter(new ProxySnapshotter(peer, Set.of("rebase")), server, served);
    };
  }
}
