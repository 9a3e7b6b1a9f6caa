package dev.carafe.plugin.nri;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Two connections over one socket: frames of a header of eight bytes, big endian (connection,
 * length), and bytes of that connection. What arrives is handed on before the next frame is read,
 * so that no peer fills the daemon's memory. One connection's end is the end of both.
 */
final class Mux implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Mux.class);
  private static final int HEADER = 8;

  /** A ttrpc message with its header. */
  static final int MOST = 10 + (4 << 20);

  /**
   * A message's first frame. The usual plugin reads with a buffer of that size and takes no frame
   * that is larger than what it reads for; then it reads for all of the rest.
   */
  private static final int FIRST = 4096;

  private final SocketChannel trunk;
  private final Leg plugin = new Leg(1);
  private final Leg runtime = new Leg(2);
  private final ReentrantLock writing = new ReentrantLock();
  private final AtomicBoolean closed = new AtomicBoolean();

  Mux(SocketChannel trunk) {
    this.trunk = trunk;
  }

  /** The connection on which the plugin answers. */
  ByteChannel plugin() {
    return plugin;
  }

  /** The connection on which the daemon answers. */
  ByteChannel runtime() {
    return runtime;
  }

  /** Begins to read. */
  void start() {
    Thread.ofVirtual().name("nri read").start(this::read);
  }

  private void read() {
    ByteBuffer header = ByteBuffer.allocate(HEADER);
    try (this) {
      while (true) {
        fill(header.clear());
        header.flip();
        int id = header.getInt();
        int length = header.getInt();
        if (length < 0 || length > MOST) {
          throw new IOException(
              "frame of "
                  + Integer.toUnsignedLong(length)
                  + " bytes for connection "
                  + Integer.toUnsignedLong(id)
                  + " is larger than "
                  + MOST);
        }
        ByteBuffer payload = ByteBuffer.allocate(length);
        fill(payload);
        switch (id) {
          case 1 -> plugin.deliver(payload.flip());
          case 2 -> runtime.deliver(payload.flip());
          default -> log.debug("frame for connection {}: dropped", Integer.toUnsignedLong(id));
        }
      }
    } catch (IOException | InterruptedException e) {
      log.debug("connection ended: {}", e.toString());
    }
  }

  private void fill(ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      if (trunk.read(buffer) < 0) {
        throw new EOFException("closed by the plugin");
      }
    }
  }

  private int write(int id, ByteBuffer bytes) throws IOException {
    int size = bytes.remaining();
    writing.lock();
    try {
      while (bytes.hasRemaining()) {
        boolean first = bytes.remaining() == size;
        ByteBuffer part = bytes.slice(bytes.position(), Math.min(bytes.remaining(), limit(first)));
        send(ByteBuffer.allocate(HEADER).putInt(id).putInt(part.remaining()).flip(), part);
        bytes.position(bytes.position() + part.limit());
      }
    } finally {
      writing.unlock();
    }
    return size;
  }

  private static int limit(boolean first) {
    return first ? FIRST : MOST;
  }

  private void send(ByteBuffer header, ByteBuffer payload) throws IOException {
    ByteBuffer[] frame = {header, payload};
    while (header.hasRemaining() || payload.hasRemaining()) {
      trunk.write(frame);
    }
  }

  /** Ends both connections. Idempotent. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    plugin.end();
    runtime.end();
    try {
      trunk.close();
    } catch (IOException e) {
      log.debug("closing a connection: {}", e.toString());
    }
  }

  /** One of the two connections; for one reader. */
  private final class Leg implements ByteChannel {
    private final int id;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private ByteBuffer arrived = ByteBuffer.allocate(0);
    private boolean ended;

    Leg(int id) {
      this.id = id;
    }

    void deliver(ByteBuffer payload) throws IOException, InterruptedException {
      lock.lockInterruptibly();
      try {
        while (arrived.hasRemaining() && !ended) {
          changed.await();
        }
        if (ended) {
          throw new ClosedChannelException();
        }
        arrived = payload;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
      lock.lock();
      try {
        while (!arrived.hasRemaining() && !ended) {
          changed.awaitUninterruptibly();
        }
        if (!arrived.hasRemaining()) {
          return -1;
        }
        int count = Math.min(into.remaining(), arrived.remaining());
        into.put(arrived.slice(arrived.position(), count));
        arrived.position(arrived.position() + count);
        changed.signalAll();
        return count;
      } finally {
        lock.unlock();
      }
    }

    @Override
    public int write(ByteBuffer bytes) throws IOException {
      return Mux.this.write(id, bytes);
    }

    void end() {
      lock.lock();
      try {
        ended = true;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    @Override
    public boolean isOpen() {
      return !closed.get();
    }

    @Override
    public void close() {
      Mux.this.close();
    }
  }
}
