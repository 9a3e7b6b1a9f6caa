package dev.carafe.daemon;

import dev.carafe.services.ShimEvents;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.events.EventBus;
import dev.carafe.ttrpc.TtrpcServer;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;

/** The ttrpc server for shims, on a Unix socket beside the API's. */
final class ShimServer {
  private final SocketFile socket;
  private final TtrpcServer server;

  private ShimServer(SocketFile socket, TtrpcServer server) {
    this.socket = socket;
    this.server = server;
  }

  /** Where it is, given the API's socket. */
  static Path beside(Path api) {
    return api.resolveSibling(api.getFileName() + ".ttrpc");
  }

  static ShimServer start(SocketFile socket, EventBus events) {
    try {
      ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      boolean done = false;
      try {
        channel.bind(UnixDomainSocketAddress.of(socket.path()));
        socket.restrict();
        TtrpcServer server = ShimEvents.server(events);
        server.listen(channel);
        done = true;
        return new ShimServer(socket, server);
      } finally {
        if (!done) {
          channel.close();
        }
      }
    } catch (IOException e) {
      throw new UnavailableException("address " + socket.path() + ": " + e.getMessage(), e);
    }
  }

  void stop() {
    server.close();
    socket.release();
  }
}
