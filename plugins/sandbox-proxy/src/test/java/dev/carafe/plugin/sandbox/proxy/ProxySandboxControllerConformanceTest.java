package dev.carafe.plugin.sandbox.proxy;

import dev.carafe.plugin.proxy.support.Peer;
import dev.carafe.plugin.proxy.testing.PeerServer;
import dev.carafe.plugin.proxy.testing.ServedStores;
import dev.carafe.spi.plugins.ProxyPeer;
import dev.carafe.testkit.sandboxes.SandboxControllerConformance;
import dev.carafe.testkit.sandboxes.SandboxControllerHarness;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterAll;

/** The proxy over Carafe's own service, whose sandboxes outlive the proxy. */
class ProxySandboxControllerConformanceTest extends SandboxControllerConformance {
  private record Served(ServedStores stores, PeerServer server) {
    static Served in(Path directory) {
      ServedStores stores = ServedStores.in(directory);
      return new Served(stores, stores.serve(directory.resolve("s")));
    }
  }

  /** The suite ends its sandboxes after the last of a test's own steps. */
  private static final Map<Path, Served> SERVED = new ConcurrentHashMap<>();

  @Override
  protected SandboxControllerHarness harness() {
    return root -> {
      SERVED.computeIfAbsent(root, Served::in);
      Path socket = root.resolve("s");
      return new ProxySandboxController(
          Peer.open(new ProxyPeer("tested", "memory", socket, socket, Set.of(), "", "")));
    };
  }

  @AfterAll
  static void close() throws Exception {
    for (Served served : SERVED.values()) {
      served.server().close();
      served.stores().close();
    }
    SERVED.clear();
  }
}
