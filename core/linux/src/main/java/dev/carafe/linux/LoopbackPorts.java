package dev.carafe.linux;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Connects to ports that are served on loopback in some network namespace. */
public final class LoopbackPorts {
  private static final byte[] IPV4 = {127, 0, 0, 1};
  private static final byte[] IPV6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

  private LoopbackPorts() {}

  /**
   * A connection by TCP to {@code 127.0.0.1}, or where nobody listens there, to {@code ::1}.
   *
   * @param namespace such as {@code /proc/PID/ns/net}; null for the daemon's own
   * @throws ConnectException if nobody listens; the message names the port
   * @throws ErrnoException if there is no such namespace
   */
  public static SocketChannel connect(@Nullable Path namespace, int port) throws IOException {
    if (namespace == null) {
      return connect((Fd) null, port);
    }
    try (Fd file = PathCalls.open(namespace, OpenFlags.RDONLY | OpenFlags.CLOEXEC, 0)) {
      return connect(file, port);
    }
  }

  /**
   * As {@link #connect(Path, int)}, in the network namespace of a process.
   *
   * @param same whether the process is the one that is meant; asked once its namespace is open,
   *     since numbers are given out again
   * @throws NoSuchFileException if it is gone
   */
  public static SocketChannel connect(long pid, BooleanSupplier same, int port) throws IOException {
    Path namespace = Path.of("/proc/" + pid + "/ns/net");
    try (Fd file = PathCalls.open(namespace, OpenFlags.RDONLY | OpenFlags.CLOEXEC, 0)) {
      if (!same.getAsBoolean()) {
        throw new NoSuchFileException(namespace.toString());
      }
      return connect(file, port);
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOENT)) {
        throw new NoSuchFileException(namespace.toString());
      }
      throw e;
    }
  }

  private static SocketChannel connect(@Nullable Fd namespace, int port) throws IOException {
    try {
      return connect(namespace, IPV4, port);
    } catch (ConnectException refused) {
      try {
        return connect(namespace, IPV6, port);
      } catch (IOException e) {
        var failure = new ConnectException("port " + port + ": " + refused.getMessage());
        failure.addSuppressed(e);
        throw failure;
      }
    }
  }

  private static SocketChannel connect(@Nullable Fd namespace, byte[] address, int port)
      throws IOException {
    if (port < 1 || port > 65535) {
      throw new InvalidArgumentException("port " + port + ": not 1 to 65535");
    }
    SocketChannel channel = open(namespace);
    try {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.connect(new InetSocketAddress(InetAddress.getByAddress("localhost", address), port));
      return channel;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** A socket belongs to the network namespace that it was made in. */
  private static SocketChannel open(@Nullable Fd namespace) throws IOException {
    if (namespace == null) {
      return SocketChannel.open();
    }
    try {
      return Namespaces.in(
          namespace,
          Namespaces.NEWNET,
          () -> {
            try {
              return SocketChannel.open();
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
