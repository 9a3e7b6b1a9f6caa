package dev.carafe.ttrpc;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Frames over a channel, both ways at once. A virtual thread reads and one writes: a caller that is
 * interrupted neither closes the channel nor leaves half a frame behind. What waits to be written
 * is bounded by its size.
 */
final class FrameConnection implements AutoCloseable {
  private static final int OUTGOING = 2 * (Frame.LIMIT + Frame.HEADER);

  private final ByteChannel channel;
  private final String peer;
  private final BlockingQueue<Frame> outgoing = new LinkedBlockingQueue<>();
  private final Semaphore room = new Semaphore(OUTGOING, true);
  private final AtomicBoolean closing = new AtomicBoolean();
  private final CompletableFuture<TtrpcException> closed = new CompletableFuture<>();
  private volatile Thread writer = Thread.currentThread();

  /** Takes frames as they come, on the reading thread. */
  interface Receiver {
    /**
     * Must not wait long. A {@link TtrpcException} ends the connection.
     *
     * @param frame the next one
     */
    void received(Frame frame);
  }

  FrameConnection(ByteChannel channel, String peer) {
    this.channel = channel;
    this.peer = peer;
  }

  void start(Receiver receiver) {
    writer = Thread.ofVirtual().name("ttrpc write " + peer).start(this::write);
    Thread.ofVirtual().name("ttrpc read " + peer).start(() -> read(receiver));
  }

  String peer() {
    return peer;
  }

  boolean isClosed() {
    return closing.get();
  }

  /** Completes with the reason when the connection has ended. */
  CompletableFuture<TtrpcException> closed() {
    return closed;
  }

  /** The failure of whatever needed this connection. */
  TtrpcException reason() {
    TtrpcException reason = closed.getNow(null);
    return reason == null
        ? TtrpcException.closed(peer + ": connection closed", null)
        : reason.again();
  }

  /**
   * Makes sure that a frame of that size can be queued by {@link #send}.
   *
   * @return whether there was room in time; then the frame must be sent
   */
  boolean reserve(int size, Duration patience) throws InterruptedException {
    if (isClosed()) {
      throw reason();
    }
    return room.tryAcquire(size, patience.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Queues a frame for which there is room; in the order of the calls. */
  void send(Frame frame) {
    outgoing.add(frame);
  }

  private void write() {
    try {
      while (true) {
        Frame frame = outgoing.take();
        ByteBuffer bytes = frame.encoded();
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        room.release(frame.size());
      }
    } catch (InterruptedException e) {
      close(TtrpcException.closed(peer + ": connection closed", null));
    } catch (IOException e) {
      close(TtrpcException.closed(peer + ": " + reason(e), e));
    }
  }

  private void read(Receiver receiver) {
    try {
      ByteBuffer header = ByteBuffer.allocate(Frame.HEADER);
      while (true) {
        fill(header.clear());
        receiver.received(frame(header.flip()));
      }
    } catch (IOException e) {
      close(TtrpcException.closed(peer + ": " + reason(e), e));
    } catch (TtrpcException e) {
      close(TtrpcException.closed(peer + ": " + e.getMessage(), e));
    } catch (RuntimeException | Error e) {
      close(TtrpcException.closed(peer + ": " + e, e));
      throw e;
    }
  }

  private Frame frame(ByteBuffer header) throws IOException {
    int length = header.getInt();
    int stream = header.getInt();
    Frame.Type type = Frame.Type.of(header.get());
    int flags = header.get();
    if (length < 0 || length > Frame.LIMIT) {
      throw new TtrpcException(
          StatusCode.RESOURCE_EXHAUSTED,
          "message of " + Integer.toUnsignedLong(length) + " bytes is larger than " + Frame.LIMIT);
    }
    ByteBuffer data = ByteBuffer.allocate(length);
    fill(data);
    return new Frame(stream, type, flags, data.array());
  }

  private void fill(ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw new EOFException("connection closed by the peer");
      }
    }
  }

  private static String reason(IOException e) {
    String message = e.getMessage();
    return message == null ? "connection closed" : message;
  }

  /** Ends the connection; the first reason counts. */
  void close(TtrpcException reason) {
    if (!closing.compareAndSet(false, true)) {
      return;
    }
    try {
      channel.close();
    } catch (IOException e) {
      reason.addSuppressed(e);
    }
    writer.interrupt();
    // Whoever waits for room is let in, and finds the connection closed.
    room.release(OUTGOING);
    closed.complete(reason);
  }

  @Override
  public void close() {
    close(TtrpcException.closed(peer + ": connection closed", null));
  }
}
