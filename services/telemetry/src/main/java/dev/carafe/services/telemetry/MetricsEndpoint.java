package dev.carafe.services.telemetry;

import dev.carafe.services.loopback.Answer;
import dev.carafe.services.loopback.LoopbackServer;
import dev.carafe.services.loopback.Request;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

/** The page of the figures. */
final class MetricsEndpoint implements AutoCloseable {
  private final LoopbackServer server;

  private MetricsEndpoint(LoopbackServer server) {
    this.server = server;
  }

  /** Listens; fails as {@link LoopbackServer#open} does. */
  static MetricsEndpoint open(String address, Supplier<String> page) {
    return new MetricsEndpoint(
        LoopbackServer.open("metrics", address, request -> answer(request, page)));
  }

  private static Answer answer(Request request, Supplier<String> page) {
    if (!request.path().matches("/(v1/)?metrics")) {
      return Answer.text("404 Not Found", "see /v1/metrics\n");
    }
    return Answer.ok(
        "text/plain; version=0.0.4; charset=utf-8", page.get().getBytes(StandardCharsets.UTF_8));
  }

  /** Where it listens: the port may have been chosen by the kernel. */
  SocketAddress address() {
    return server.address();
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
