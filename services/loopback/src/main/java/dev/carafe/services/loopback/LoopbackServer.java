package dev.carafe.services.loopback;

import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
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
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers GET and HEAD over HTTP/1.1, one request a connection. A connection has a few seconds, a
 * request a few kilobytes, and there are only so many at once.
 */
public final class LoopbackServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LoopbackServer.class);
  private static final Duration PATIENCE = Duration.ofSeconds(15);
  private static final int REQUEST_LIMIT = 8 * 1024;
  private static final int DRAINED = 64 * 1024;
  private static final int AT_ONCE = 16;

  private final String what;
  private final ServerSocketChannel server;
  private final @Nullable Path socket;
  private final Function<Request, Answer> handler;
  private final Semaphore places = new Semaphore(AT_ONCE);

  private LoopbackServer(
      String what,
      ServerSocketChannel server,
      @Nullable Path socket,
      Function<Request, Answer> handler) {
    this.what = what;
    this.server = server;
    this.socket = socket;
    this.handler = handler;
  }

  /**
   * Listens.
   *
   * @param what is served: for messages
   * @param address HOST:PORT on loopback, or the path of a Unix socket (0660)
   * @param handler called on a virtual thread for each request that is a GET or a HEAD
   * @throws UnavailableException if the address is taken
   * @throws FailedPreconditionException if it is not on loopback, or something else is at the path
   */
  public static LoopbackServer open(
      String what, String address, Function<Request, Answer> handler) {
    try {
      LoopbackServer opened =
          address.startsWith("/")
              ? unix(what, Path.of(address), handler)
              : tcp(what, address, handler);
      Thread.ofVirtual().name(what).start(opened::accept);
      return opened;
    } catch (IOException e) {
      throw new UnavailableException(what + " on " + address + ": " + e.getMessage(), e);
    }
  }

  private static LoopbackServer unix(String what, Path path, Function<Request, Answer> handler)
      throws IOException {
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      int mode = (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
      if ((mode & 0170000) != 0140000) {
        throw new FailedPreconditionException(
            what + " on " + path + ": something else than a socket is there");
      }
      Files.delete(path);
    }
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(path));
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-rw----"));
    return new LoopbackServer(what, server, path, handler);
  }

  private static LoopbackServer tcp(String what, String address, Function<Request, Answer> handler)
      throws IOException {
    int colon = address.lastIndexOf(':');
    String host = colon < 0 ? address : address.substring(0, colon);
    String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    InetAddress resolved = InetAddress.getByName(bare);
    if (!resolved.isLoopbackAddress()) {
      throw new FailedPreconditionException(
          what + " on " + address + ": not a loopback address, and there is no authentication");
    }
    ServerSocketChannel server = ServerSocketChannel.open();
    server.setOption(StandardSocketOptions.SO_REUSEADDR, true);
    server.bind(new InetSocketAddress(resolved, port(what, address.substring(colon + 1))));
    return new LoopbackServer(what, server, null, handler);
  }

  private static int port(String what, String text) {
    if (text.matches("[0-9]{1,5}") && Integer.parseInt(text) < 65536) {
      return Integer.parseInt(text);
    }
    throw new InvalidArgumentException(what + ": \"" + text + "\" is no port");
  }

  /** Where it listens: the port may have been chosen by the kernel. */
  public SocketAddress address() {
    try {
      return server.getLocalAddress();
    } catch (IOException e) {
      throw new UnavailableException(what + ": " + e.getMessage(), e);
    }
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
          LOG.warn("{}: {}", what, e.toString());
        }
      }
    }
  }

  private void serve(SocketChannel connection) {
    Thread worker =
        Thread.ofVirtual()
            .name(what + ": request")
            .start(() -> {
              try (connection) {
                answer(connection);
              } catch (IOException e) {
                LOG.debug("{}: {}", what, e.toString());
              } catch (RuntimeException e) {
                LOG.warn("{}: {}", what, e.toString());
              } finally {
                places.release();
              }
            });
    Thread.ofVirtual()
        .name(what + ": patience")
        .start(() -> {
          try (connection) {
            if (!worker.join(PATIENCE)) {
              worker.interrupt();
            }
          } catch (IOException | InterruptedException e) {
            worker.interrupt();
          }
        });
  }

  private void answer(SocketChannel connection) throws IOException {
    Request request = Request.parse(head(connection));
    if (request == null) {
      send(connection, Answer.text("400 Bad Request", "not a request\n"), false);
    } else if (!request.isHead() && !request.method().equals("GET")) {
      Answer refusal = Answer.text("405 Method Not Allowed", "only GET and HEAD\n");
      send(connection, refusal.with(java.util.Map.of("Allow", "GET, HEAD")), false);
    } else {
      send(connection, handled(request), request.isHead());
    }
  }

  private Answer handled(Request request) {
    try {
      return handler.apply(request);
    } catch (RuntimeException e) {
      LOG.warn("{}: {}", what, e.toString());
      return Answer.text("500 Internal Server Error", "see the daemon's log\n");
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

  private static void send(SocketChannel connection, Answer answer, boolean headOnly)
      throws IOException {
    StringBuilder head = new StringBuilder("HTTP/1.1 ").append(answer.status());
    head.append("\r\nContent-Type: ").append(answer.type());
    head.append("\r\nContent-Length: ").append(answer.body().length);
    answer
        .headers()
        .forEach((name, value) -> head.append("\r\n").append(name).append(": ").append(value));
    head.append("\r\nConnection: close\r\n\r\n");
    write(connection, head.toString().getBytes(StandardCharsets.ISO_8859_1));
    if (!headOnly) {
      write(connection, answer.body());
    }
    drain(connection);
  }

  private static void write(SocketChannel connection, byte[] bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      connection.write(buffer);
    }
  }

  /** A connection that is closed with something unread loses what was sent last. */
  private static void drain(SocketChannel connection) throws IOException {
    connection.shutdownOutput();
    ByteBuffer buffer = ByteBuffer.allocate(4096);
    for (int read = 0; read < DRAINED; read += buffer.position()) {
      buffer.clear();
      if (connection.read(buffer) < 0) {
        return;
      }
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
