package dev.carafe.services.debug;

import dev.carafe.engine.observe.Observer;
import dev.carafe.services.loopback.LoopbackServer;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.UnavailableException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The page with its listener. It keeps a few hundred events and a few dozen ended flows; all else
 * is read when somebody looks, at most once a second however many look.
 */
public final class DebugPage implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DebugPage.class);

  private final Flows flows;
  private final EventRing events;
  private final LoopbackServer server;

  private DebugPage(Flows flows, EventRing events, LoopbackServer server) {
    this.flows = flows;
    this.events = events;
    this.server = server;
  }

  /**
   * Serves the page.
   *
   * @param address HOST:PORT on loopback, or the path of a Unix socket
   * @throws UnavailableException if the address is taken
   * @throws FailedPreconditionException if it is not on loopback, or something else is at the path
   */
  public static DebugPage open(String address, DebugSources sources) {
    Flows flows = new Flows();
    Collections collections = new Collections();
    sources.metadata().collector().onCollected(collections::ended);
    EventRing events = EventRing.listen(sources.events());
    try {
      Snapshot snapshot = new Snapshot(sources, flows, collections, events);
      LoopbackServer server =
          LoopbackServer.open("debug page", address, new Routes(snapshot)::answer);
      LOG.info("debug page on {}", place(server.address()));
      return new DebugPage(flows, events, server);
    } catch (RuntimeException e) {
      events.close();
      throw e;
    }
  }

  private static String place(SocketAddress address) {
    if (address instanceof InetSocketAddress inet) {
      String host = inet.getAddress().getHostAddress();
      return "http://"
          + (host.contains(":") ? "[" + host + "]" : host)
          + ":"
          + inet.getPort()
          + "/";
    }
    return address.toString();
  }

  /** What has to hear of flows. */
  public Observer observer() {
    return flows;
  }

  /** Where it listens: the port may have been chosen by the kernel. */
  SocketAddress address() {
    return server.address();
  }

  @Override
  public void close() {
    events.close();
    try {
      server.close();
    } catch (IOException e) {
      LOG.warn("debug page: {}", e.toString());
    }
  }
}
