package dev.carafe.plugin.diff.tar;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A stretch of the uncompressed archive in one reusable direct buffer. Consumers read it through
 * {@link #view}, each once, and then {@link #release} it.
 */
final class Chunk {
  private final ByteBuffer buffer;
  private final Handoff<Chunk> free;
  private final AtomicInteger readers = new AtomicInteger();

  Chunk(ByteBuffer buffer, Handoff<Chunk> free) {
    this.buffer = buffer;
    this.free = free;
  }

  /** For the producer: the buffer to fill, then to flip. */
  ByteBuffer buffer() {
    return buffer;
  }

  /** The bytes, with a position of its own. */
  ByteBuffer view() {
    return buffer.duplicate();
  }

  void readers(int count) {
    readers.set(count);
  }

  /** The last reader's call frees the buffer for the producer. */
  void release() throws InterruptedException {
    if (readers.decrementAndGet() == 0) {
      free.put(this);
    }
  }
}
