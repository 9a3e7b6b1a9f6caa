package dev.carafe.plugin.nri;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes connections of plugins that others start. */
final class Listener implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Listener.class);
  private static final int SOCKET = 0140000;
  private static final int TYPE = 0170000;

  private final Path path;
  private final Consumer<SocketChannel> connected;
  private @Nullable ServerSocketChannel server;
  private boolean closed;

  Listener(Path path, Consumer<SocketChannel> connected) {
    this.path = path;
    this.connected = connected;
  }

  /** Listens, where nobody else does: then plugins are his, and the log says so. */
  synchronized void start() {
    if (closed) {
      return;
    }
    try {
      if (inUse()) {
        log.error("NRI socket {}: another process listens there; plugins cannot connect", path);
        return;
      }
      Path directory = path.getParent();
      if (directory != null && Files.notExists(directory)) {
        Files.createDirectories(
            directory,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
      ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      try {
        channel.bind(UnixDomainSocketAddress.of(path));
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
      server = channel;
      Thread.ofVirtual().name("nri accept").start(() -> accept(channel));
    } catch (IOException e) {
      log.error("NRI socket {}: plugins cannot connect: {}", path, e.toString());
    }
  }

  /** Removes the socket of an earlier daemon. */
  private boolean inUse() throws IOException {
    if (Files.notExists(path, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    Map<String, Object> facts = Files.readAttributes(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    if (!(facts.get("mode") instanceof Integer mode) || (mode & TYPE) != SOCKET) {
      throw new IOException("is there and is no socket");
    }
    try (SocketChannel probe = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
      return probe.isConnected();
    } catch (ConnectException e) {
      Files.delete(path);
      return false;
    }
  }

  private void accept(ServerSocketChannel channel) {
    try {
      while (true) {
        connected.accept(channel.accept());
      }
    } catch (IOException e) {
      log.debug("NRI socket {}: {}", path, e.toString());
    }
  }

  /** Takes no more connections and removes the socket. */
  @Override
  public synchronized void close() {
    closed = true;
    ServerSocketChannel channel = server;
    if (channel == null) {
      return;
    }
    try {
      channel.close();
      Files.deleteIfExists(path);
    } catch (IOException e) {
      log.debug("NRI socket {}: {}", path, e.toString());
    }
  }
}
