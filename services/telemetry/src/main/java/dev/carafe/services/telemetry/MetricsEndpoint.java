package dev.carafe.services.telemetry;

import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.UnavailableException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One page over HTTP/1.1, one request a connection. A connection has a few seconds, a request a few
 * kilobytes, and there are only so many at once.
 */
final class MetricsEndpoint implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MetricsEndpoint.class);
  private static final Duration PATIENCE = Duration.ofSeconds(15);
  private static final int REQUEST_LIMIT = 8 * 1024;
  private static final int AT_ONCE = 16;

  private final ServerSocketChannel server;
  private final @Nullable Path socket;
  private final Supplier<String> page;
  private final Semaphore places = new Semaphore(AT_ONCE);

  private MetricsEndpoint(
      ServerSocketChannel server, @Nullable Path socket, Supplier<String> page) {
    this.server = server;
    this.socket = socket;
    this.page = page;
  }

  /**
   * Listens.
   *
   * @param address HOST:PORT on loopback, or the path of a Unix socket (0660)
   * @throws UnavailableException if it is taken
   * @throws FailedPreconditionException if it is not on loopback, or something else is at the path
   */
  static MetricsEndpoint open(String address, Supplier<String> page) {
    try {
      MetricsEndpoint endpoint =
          address.startsWith("/") ? unix(Path.of(address), page) : tcp(address, page);
      Thread.ofVirtual().name("metrics").start(endpoint::accept);
      return endpoint;
    } catch (IOException e) {
      throw new UnavailableException("metrics on " + address + ": " + e.getMessage(), e);
    }
  }

  private static MetricsEndpoint unix(Path path, Supplier<String> page) throws IOException {
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      int mode = (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
      if ((mode & 0170000) != 0140000) {
        throw new FailedPreconditionException(
            "metrics on " + path + ": something else than a socket is there");
      }
      Files.delete(path);
    }
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(path));
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-rw----"));
    return new MetricsEndpoint(server, path, page);
  }

  private static MetricsEndpoint tcp(String address, Supplier<String> page) throws IOException {
    int colon = address.lastIndexOf(':');
    String host = colon < 0 ? address : address.substring(0, colon);
    String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    InetAddress resolved = InetAddress.getByName(bare);
    if (!resolved.isLoopbackAddress()) {
      throw new FailedPreconditionException(
          "metrics on " + address + ": not a loopback address, and there is no authentication");
    }
    ServerSocketChannel server = ServerSocketChannel.open();
    server.setOption(StandardSocketOptions.SO_REUSEADDR, true);
    server.bind(new InetSocketAddress(resolved, Integer.parseInt(address.substring(colon + 1))));
    return new MetricsEndpoint(server, null, page);
  }

  /** Where it listens: the port may have been chosen by the kernel. */
  SocketAddress address() throws IOException {
    return server.getLocalAddress();
  }

  private void accept() {
    while (server.isOpen()) {
      try {
        SocketChannel connection = server.accept();
        if (!places.tryAcquire()) {
          connection.close();
          continue;
        }
        serve(connection);
      } catch (IOException e) {
        if (server.isOpen()) {
          LOG.warn("metrics: {}", e.toString());
        }
      }
    }
  }

  private void serve(SocketChannel connection) {
    Thread handler =
        Thread.ofVirtual()
            .name("metrics: request")
            .start(() -> {
              try (connection) {
                answer(connection);
              } catch (IOException e) {
                LOG.debug("metrics: {}", e.toString());
              } catch (RuntimeException e) {
                LOG.warn("metrics: {}", e.toString());
              } finally {
                places.release();
              }
            });
    Thread.ofVirtual()
        .name("metrics: patience")
        .start(() -> {
          try (connection) {
            if (!handler.join(PATIENCE)) {
              handler.interrupt();
            }
          } catch (IOException | InterruptedException e) {
            handler.interrupt();
          }
        });
  }

  private void answer(SocketChannel connection) throws IOException {
    String request = head(connection);
    String line = request.substring(0, Math.max(0, request.indexOf("\r\n")));
    String[] words = line.split(" ", -1);
    boolean wellFormed = words.length == 3 && words[2].startsWith("HTTP/1.");
    boolean head = wellFormed && words[0].equals("HEAD");
    if (!wellFormed) {
      send(connection, "400 Bad Request", "not a request\n", false);
    } else if (!head && !words[0].equals("GET")) {
      send(connection, "405 Method Not Allowed", "only GET\n", false);
    } else if (!words[1].matches("/(v1/)?metrics(\\?.*)?")) {
      send(connection, "404 Not Found", "see /v1/metrics\n", head);
    } else {
      send(connection, "200 OK", page.get(), head);
    }
  }

  /** The head of a request; empty if it is too large or never ends. */
  private static String head(SocketChannel connection) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(REQUEST_LIMIT);
    while (buffer.hasRemaining() && connection.read(buffer) >= 0) {
      String text = new String(buffer.array(), 0, buffer.position(), StandardCharsets.ISO_8859_1);
      if (text.contains("\r\n\r\n")) {
        return text;
      }
    }
    return "";
  }

  private static void send(SocketChannel connection, String status, String body, boolean headOnly)
      throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    String head =
        "HTTP/1.1 "
            + status
            + "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: "
            + bytes.length
            + "\r\nConnection: close\r\n\r\n";
    write(connection, head.getBytes(StandardCharsets.ISO_8859_1));
    if (!headOnly) {
      write(connection, bytes);
    }
  }

  private static void write(SocketChannel connection, byte[] bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      connection.write(buffer);
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    if (socket != null) {
      Files.deleteIfExists(socket);
    }
  }
}
