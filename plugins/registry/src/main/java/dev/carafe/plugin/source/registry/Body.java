package dev.carafe.plugin.source.registry;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * The body of one answer (RFC 9112 section 6). At its end the connection goes back for further use
 * where the framing allows; closed before, the connection is closed with it.
 */
final class Body extends InputStream {
  /** {@link #declared} of a body whose length only its end tells. */
  static final long UNKNOWN = -1;

  private static final int CHUNK_LINE_LIMIT = 1024;
  private static final int TRAILERS_LIMIT = 64;

  private enum Framing {
    LENGTH,
    CHUNKED,
    UNTIL_CLOSE
  }

  private final Connection connection;
  private final Framing framing;
  private final long declared;
  private final Duration idle;
  private final Consumer<Connection> release;
  private Budget budget;
  private long remaining;
  private boolean firstChunk = true;
  private boolean ended;

  private Body(
      Connection connection,
      Framing framing,
      long length,
      Duration idle,
      Consumer<Connection> release) {
    this.connection = connection;
    this.framing = framing;
    this.declared = length;
    this.idle = idle;
    this.release = release;
    this.remaining = Math.max(0, length);
    this.budget = Budget.of(idle);
  }

  static Body ofLength(
      Connection connection, long length, Duration idle, Consumer<Connection> release) {
    Body body = new Body(connection, Framing.LENGTH, length, idle, release);
    if (length == 0) {
      body.end();
    }
    return body;
  }

  /** An answer without body, whatever length its head names: to HEAD, 204 and 304. */
  static Body none(Connection connection, Consumer<Connection> release) {
    return ofLength(connection, 0, Duration.ofSeconds(1), release);
  }

  static Body chunked(Connection connection, Duration idle, Consumer<Connection> release) {
    return new Body(connection, Framing.CHUNKED, UNKNOWN, idle, release);
  }

  static Body untilClose(Connection connection, Duration idle) {
    return new Body(connection, Framing.UNTIL_CLOSE, UNKNOWN, idle, Connection::close);
  }

  /** The length that the head declares, or {@link #UNKNOWN}. */
  long declared() {
    return declared;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, target.length);
    if (length == 0) {
      return 0;
    }
    budget = Budget.of(idle);
    return read(target, offset, length, idle);
  }

  /**
   * All of it.
   *
   * @throws ProtocolException if it is longer than {@code limit}
   */
  byte[] all(int limit, Budget time) throws IOException {
    byte[] bytes = head(limit + 1, time);
    if (bytes.length > limit) {
      throw new ProtocolException("the answer is longer than " + limit + " bytes");
    }
    return bytes;
  }

  /** Its first bytes, at most {@code limit}. */
  byte[] head(int limit, Budget time) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    byte[] part = new byte[Math.min(limit, 8192)];
    budget = time;
    while (bytes.size() < limit) {
      int count = read(part, 0, Math.min(part.length, limit - bytes.size()), idle);
      if (count < 0) {
        break;
      }
      bytes.write(part, 0, count);
    }
    return bytes.toByteArray();
  }

  @Override
  public void close() {
    if (!ended) {
      ended = true;
      connection.close();
    }
  }

  private int read(byte[] target, int offset, int length, Duration most) throws IOException {
    if (ended) {
      return -1;
    }
    if (framing == Framing.CHUNKED && remaining == 0 && !nextChunk(most)) {
      return -1;
    }
    int wanted = framing == Framing.UNTIL_CLOSE ? length : (int) Math.min(length, remaining);
    int count = connection.read(target, offset, wanted, budget.millis(most));
    if (count < 0) {
      if (framing == Framing.UNTIL_CLOSE) {
        end();
        return -1;
      }
      throw new EOFException("connection ended inside the body");
    }
    if (framing != Framing.UNTIL_CLOSE) {
      remaining -= count;
      if (remaining == 0 && framing == Framing.LENGTH) {
        end();
      }
    }
    return count;
  }

  /** Reads up to the next chunk's data; false at the last one. */
  private boolean nextChunk(Duration most) throws IOException {
    if (!firstChunk && !connection.line(CHUNK_LINE_LIMIT, budget, most).isEmpty()) {
      throw new ProtocolException("a chunk of the answer does not end where it says");
    }
    firstChunk = false;
    String line = connection.line(CHUNK_LINE_LIMIT, budget, most);
    int extension = line.indexOf(';');
    String size = (extension < 0 ? line : line.substring(0, extension)).strip();
    if (size.isEmpty()
        || size.length() > 15
        || !size.chars().allMatch(c -> Character.digit(c, 16) >= 0 && c < 128)) {
      throw new ProtocolException("a chunk of the answer has no valid size");
    }
    remaining = Long.parseLong(size, 16);
    if (remaining > 0) {
      return true;
    }
    for (int i = 0; i < TRAILERS_LIMIT; i++) {
      if (connection.line(CHUNK_LINE_LIMIT, budget, most).isEmpty()) {
        end();
        return false;
      }
    }
    throw new ProtocolException("the answer has more than " + TRAILERS_LIMIT + " trailers");
  }

  private void end() {
    ended = true;
    release.accept(connection);
  }
}
