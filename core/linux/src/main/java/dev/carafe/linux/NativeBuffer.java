package dev.carafe.linux;

import java.lang.foreign.Arena;
import java.nio.ByteBuffer;

/**
 * A direct buffer whose memory goes back when it is closed, and not when a collector gets to it.
 */
public final class NativeBuffer implements AutoCloseable {
  private final Arena arena = Arena.ofShared();
  private final ByteBuffer bytes;

  private NativeBuffer(int size) {
    bytes = arena.allocate(size, 64).asByteBuffer();
  }

  /** Zeroed memory. */
  public static NativeBuffer allocate(int size) {
    return new NativeBuffer(size);
  }

  /** The same buffer each time; of no use after {@link #close}. */
  public ByteBuffer bytes() {
    return bytes;
  }

  /**
   * Frees the memory.
   *
   * @throws IllegalStateException if a call is at work on it
   */
  @Override
  public void close() {
    arena.close();
  }
}
