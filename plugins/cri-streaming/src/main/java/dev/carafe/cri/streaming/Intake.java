package dev.carafe.cri.streaming;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import org.jspecify.annotations.Nullable;

/**
 * What a client sends on one stream, between the event loop and a reader that may block. It asks
 * for a pause when it holds enough, and so never holds more than that and what was read from the
 * socket at once.
 */
final class Intake extends InputStream {
  /** Calls without a lock held, from the event loop or the reader. */
  interface Source {
    void pause();

    void resume();

    /** The reader took bytes, or they were dropped. */
    void consumed(int bytes);

    /** The reader wants no more. */
    void unwanted();
  }

  static final int ENOUGH = 64 << 10;
  private static final int FEW = ENOUGH / 2;

  private final Source source;
  private final ByteBuf bytes = Unpooled.buffer(0);
  private boolean paused;
  private boolean ended;
  private boolean closed;
  private @Nullable String failure;

  Intake(Source source) {
    this.source = source;
  }

  /** An input that is at its end. */
  static InputStream none() {
    return InputStream.nullInputStream();
  }

  /** Takes what is readable in {@code data}; never blocks. */
  void offer(ByteBuf data) {
    int size = data.readableBytes();
    boolean dropped;
    boolean full = false;
    synchronized (this) {
      dropped = closed || ended || failure != null;
      if (!dropped) {
        bytes.discardSomeReadBytes();
        bytes.writeBytes(data);
        full = !paused && bytes.readableBytes() >= ENOUGH;
        paused |= full;
        notifyAll();
      }
    }
    if (dropped) {
      source.consumed(size);
    } else if (full) {
      source.pause();
    }
  }

  synchronized void end() {
    ended = true;
    notifyAll();
  }

  /** Every read fails from now on. */
  synchronized void fail(String message) {
    if (failure == null) {
      failure = message;
    }
    notifyAll();
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    int count;
    boolean hungry;
    synchronized (this) {
      await();
      if (closed) {
        throw new IOException("stream is closed");
      }
      if (failure != null) {
        throw new IOException(failure);
      }
      count = Math.min(length, bytes.readableBytes());
      if (count == 0) {
        return -1;
      }
      bytes.readBytes(target, offset, count);
      if (!bytes.isReadable()) {
        bytes.clear();
      }
      hungry = paused && bytes.readableBytes() < FEW;
      paused &= !hungry;
    }
    source.consumed(count);
    if (hungry) {
      source.resume();
    }
    return count;
  }

  @Override
  public synchronized int available() {
    return bytes.readableBytes();
  }

  /** Drops what is here and what still comes. */
  @Override
  public void close() {
    int dropped;
    boolean resume;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      dropped = bytes.readableBytes();
      bytes.clear().capacity(0);
      resume = paused;
      paused = false;
      notifyAll();
    }
    source.consumed(dropped);
    if (resume) {
      source.resume();
    }
    source.unwanted();
  }

  private void await() throws InterruptedIOException {
    try {
      while (!bytes.isReadable() && !ended && !closed && failure == null) {
        wait();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for the client");
    }
  }
}
