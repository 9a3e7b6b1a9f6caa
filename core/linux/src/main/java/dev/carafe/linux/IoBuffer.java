package dev.carafe.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A pooled block of native memory that bytes of the Java heap pass through on their way to or from
 * the kernel. Used by one thread at a time, given back by close.
 */
final class IoBuffer implements AutoCloseable {
  static final int SIZE = 64 * 1024;

  private static final int SLOTS = 16;
  private static final Pool<IoBuffer> POOL = new Pool<>(SLOTS);

  private final MemorySegment memory = Arena.ofAuto().allocate(SIZE, 16);

  private IoBuffer() {}

  static IoBuffer take() {
    IoBuffer pooled = POOL.take();
    return pooled == null ? new IoBuffer() : pooled;
  }

  MemorySegment memory() {
    return memory;
  }

  /** The first {@code length} bytes, or all if it holds fewer. */
  MemorySegment upTo(long length) {
    return length >= SIZE ? memory : memory.asSlice(0, length);
  }

  @Override
  public void close() {
    POOL.give(this);
  }
}
