package dev.carafe.plugin.content.proxy;

import dev.carafe.plugin.proxy.support.Peer;
import dev.carafe.plugin.proxy.testing.PeerServer;
import dev.carafe.plugin.proxy.testing.ServedStores;
import dev.carafe.testkit.content.ContentStoreConformance;
import dev.carafe.testkit.content.ContentStoreHarness;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** The proxy over Carafe's own service, whose blobs outlive the proxy. */
class ProxyContentStoreConformanceTest extends ContentStoreConformance {
  private final Map<Path, ServedStores> stores = new HashMap<>();
  private final Map<Path, ServedContentStore> open = new HashMap<>();

  @Override
  protected ContentStoreHarness harness() {
    return root -> {
      // Whoever died, its connections died with it.
      ServedContentStore dead = open.get(root);
      if (dead != null) {
        dead.close();
      }
      ServedStores served = stores.computeIfAbsent(root, ServedStores::in);
      Path socket = root.resolve("s" + System.nanoTime());
      PeerServer server = served.serve(socket);
      ProxyContentStore proxy = new ProxyContentStore(Peer.open(PeerServer.settings(socket)));
      ServedContentStore opened = new ServedContentStore(proxy, server, served);
      open.put(root, opened);
      return opened;
    };
  }
}
