package dev.carafe.plugin.diff.tar;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Direct buffers of one size. They are kept as long as any job is at work and a little is kept for
 * the next; the garbage collector frees the rest.
 */
final class BufferPool {
  private final int size;
  private final int kept;
  private final Deque<ByteBuffer> idle = new ArrayDeque<>();

  /**
   * @param size bytes of each
   * @param kept how many stay for later
   */
  BufferPool(int size, int kept) {
    this.size = size;
    this.kept = kept;
  }

  ByteBuffer allocate() {
    synchronized (idle) {
      ByteBuffer buffer = idle.poll();
      if (buffer != null) {
        return buffer;
      }
    }
    return ByteBuffer.allocateDirect(size);
  }

  void free(ByteBuffer buffer) {
    synchronized (idle) {
      if (idle.size() < kept) {
        idle.push(buffer);
      }
    }
  }
}
