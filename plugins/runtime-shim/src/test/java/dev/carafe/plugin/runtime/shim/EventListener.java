package dev.carafe.plugin.runtime.shim;

import com.google.protobuf.Empty;
import dev.carafe.api.services.events.ttrpc.v1.ForwardRequest;
import dev.carafe.api.types.Envelope;
import dev.carafe.linux.TreeRemover;
import dev.carafe.ttrpc.TtrpcServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * What the daemon is to a shim: a socket for events. One for all tests, which keep to namespaces
 * and ids of their own; without it shims try for seconds to get rid of their events before they
 * end.
 */
final class EventListener {
  private static final List<Envelope> RECEIVED = new CopyOnWriteArrayList<>();

  /** The daemon's address as shims are told. */
  static final String ADDRESS = listen();

  private EventListener() {}

  private static String listen() {
    try {
      Path directory = Files.createTempDirectory("carafe-events-");
      Path address = directory.resolve("carafe.sock");
      Path socket = directory.resolve("carafe.sock.ttrpc");
      ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      channel.bind(UnixDomainSocketAddress.of(socket));
      TtrpcServer server =
          TtrpcServer.builder()
              .unary(
                  "containerd.services.events.ttrpc.v1.Events",
                  "Forward",
                  ForwardRequest.parser(),
                  (call, request) -> {
                    RECEIVED.add(request.getEnvelope());
                    return Empty.getDefaultInstance();
                  })
              .build();
      server.listen(channel);
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(() -> {
                server.close();
                TreeRemover.remove(directory);
              }));
      return address.toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Topics of the events about a task so far, in their order. */
  static List<String> topics(String namespace) {
    return RECEIVED.stream()
        .filter(envelope -> envelope.getNamespace().equals(namespace))
        .map(Envelope::getTopic)
        .toList();
  }
}
