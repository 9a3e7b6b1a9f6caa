package dev.carafe.plugin.diff.tar;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Direct buffers of one size. All are kept while any job is at work, a few for the next one; the
 * garbage collector frees the rest.
 */
final class BufferPool {
  private final int size;
  private final int kept;
  private final Deque<ByteBuffer> idle = new ArrayDeque<>();
  private int jobs;

  /**
   * @param size bytes of each
   * @param kept how many stay when nobody is at work
   */
  BufferPool(int size, int kept) {
    this.size = size;
    this.kept = kept;
  }

  /** What one job borrows, and gives back together. For one thread. */
  Loan lend() {
    synchronized (idle) {
      jobs++;
    }
    return new Loan();
  }

  /** Buffers of one job. */
  final class Loan implements AutoCloseable {
    private final List<ByteBuffer> borrowed = new ArrayList<>();

    /** How many buffers the job has. */
    int count() {
      return borrowed.size();
    }

    ByteBuffer allocate() {
      ByteBuffer buffer;
      synchronized (idle) {
        buffer = idle.poll();
      }
      if (buffer == null) {
        buffer = ByteBuffer.allocateDirect(size);
      }
      borrowed.add(buffer);
      return buffer.clear();
    }

    /** Gives all back: nobody may use them any more. */
    @Override
    public void close() {
      synchronized (idle) {
        borrowed.forEach(idle::push);
        borrowed.clear();
        jobs--;
        while (jobs == 0 && idle.size() > kept) {
          idle.removeLast();
        }
      }
    }
  }
}
