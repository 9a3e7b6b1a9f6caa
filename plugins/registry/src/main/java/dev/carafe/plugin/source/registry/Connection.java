package dev.carafe.plugin.source.registry;

import dev.carafe.plugin.source.registry.Proxies.Proxy;
import dev.carafe.spi.errors.DataLossException;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ProtocolException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One TCP or TLS connection with its read buffer. Used by one request at a time; {@link #close} may
 * come from any thread and ends a read that waits.
 */
final class Connection implements Closeable {
  private static final int BUFFER = 16 * 1024;
  private static final int PIECE = 128 * 1024;

  private final Origin origin;
  private final @Nullable Proxy proxy;
  private final Socket raw;
  private final Socket socket;
  private final byte[] buffer = new byte[BUFFER];
  private int position;
  private int limit;
  private long received;
  private long idleSince;
  private int timeout;

  /**
   * @param raw what is closed: closing it never waits for the peer, as closing TLS may
   * @param socket {@code raw} itself, or the TLS socket on it
   * @param proxy that requests go to in absolute form; null where they go to the origin itself
   */
  Connection(Origin origin, @Nullable Proxy proxy, Socket raw, Socket socket) {
    this.origin = origin;
    this.proxy = proxy;
    this.raw = raw;
    this.socket = socket;
  }

  Origin origin() {
    return origin;
  }

  Optional<Proxy> proxy() {
    return Optional.ofNullable(proxy);
  }

  void send(byte[] bytes) throws IOException {
    OutputStream out = socket.getOutputStream();
    out.write(bytes);
    out.flush();
  }

  /**
   * Sends a body behind a head.
   *
   * @throws DataLossException if it does not yield as many bytes as it promised
   */
  void send(RequestBody body, Duration idle) throws IOException {
    OutputStream out = socket.getOutputStream();
    byte[] piece = new byte[PIECE];
    long left = body.length();
    try (InputStream in = body.open();
        SendGuard guard = new SendGuard(this, idle)) {
      while (left > 0) {
        int count = in.read(piece, 0, (int) Math.min(piece.length, left));
        if (count < 0) {
          throw new DataLossException(
              "content ends " + left + " bytes before its " + body.length());
        }
        try {
          out.write(piece, 0, count);
        } catch (IOException e) {
          throw guard.explained(e);
        }
        guard.progress();
        left -= count;
      }
      out.flush();
    }
  }

  /** Bytes received so far: tells a connection that was dead already from one that broke later. */
  long received() {
    return received;
  }

  /**
   * Reads at least one byte.
   *
   * @param wait how long to wait for it
   * @return how many, or -1 at the end of the connection
   */
  int read(byte[] target, int offset, int length, int wait) throws IOException {
    if (position == limit) {
      if (length >= BUFFER) {
        int count = receive(target, offset, length, wait);
        received += Math.max(0, count);
        return count;
      }
      if (!fill(wait)) {
        return -1;
      }
    }
    int count = Math.min(length, limit - position);
    System.arraycopy(buffer, position, target, offset, count);
    position += count;
    return count;
  }

  /**
   * Reads a line without its end.
   *
   * @param limit most bytes
   * @param wait budget for the whole line
   */
  String line(int limit, Budget wait, Duration most) throws IOException {
    StringBuilder line = new StringBuilder(64);
    while (true) {
      if (position == this.limit && !fill(wait.millis(most))) {
        throw new EOFException("connection ended before the answer was complete");
      }
      int c = buffer[position++] & 0xff;
      if (c == '\n') {
        int end = line.length();
        return end > 0 && line.charAt(end - 1) == '\r'
            ? line.substring(0, end - 1)
            : line.toString();
      }
      if (line.length() >= limit) {
        throw new ProtocolException("the answer has a line of more than " + limit + " bytes");
      }
      line.append((char) c);
    }
  }

  /** The first bytes of whatever comes, as text; empty where nothing comes. */
  String peek(int wait) throws IOException {
    if (position == limit && !fill(wait)) {
      return "";
    }
    return new String(buffer, position, limit - position, StandardCharsets.ISO_8859_1);
  }

  /** Marks the start of an idle time between two requests. */
  void rest() {
    idleSince = System.nanoTime();
  }

  /** Whether it may serve a further request: rested not too long, and nothing came unasked. */
  boolean fresh(Duration limit) {
    return position == this.limit
        && !raw.isClosed()
        && System.nanoTime() - idleSince < limit.toNanos();
  }

  boolean closed() {
    return raw.isClosed();
  }

  @Override
  public void close() {
    try {
      raw.close();
    } catch (IOException e) {
      // Nothing is lost: the connection is given up.
    }
  }

  private boolean fill(int wait) throws IOException {
    int count = receive(buffer, 0, buffer.length, wait);
    position = 0;
    limit = Math.max(0, count);
    received += limit;
    return count > 0;
  }

  private int receive(byte[] target, int offset, int length, int wait) throws IOException {
    if (timeout != wait) {
      socket.setSoTimeout(wait);
      timeout = wait;
    }
    try {
      return socket.getInputStream().read(target, offset, length);
    } catch (SocketTimeoutException e) {
      SocketTimeoutException clear = new SocketTimeoutException("no byte within " + wait + " ms");
      clear.initCause(e);
      throw clear;
    }
  }
}
