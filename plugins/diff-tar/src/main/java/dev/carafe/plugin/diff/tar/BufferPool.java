package dev.carafe.plugin.diff.tar;

import dev.carafe.linux.NativeBuffer;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Direct buffers of one size. All are kept while any job is at work, a few for the next one; the
 * rest is freed when the last job ends.
 */
final class BufferPool {
  private final int size;
  private final int kept;
  private final Deque<NativeBuffer> idle = new ArrayDeque<>();
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

  /** How many wait for a job. */
  int idle() {
    synchronized (idle) {
      return idle.size();
    }
  }

  /** Buffers of one job. */
  final class Loan implements AutoCloseable {
    private final List<NativeBuffer> borrowed = new ArrayList<>();

    /** How many buffers the job has. */
    int count() {
      return borrowed.size();
    }

    ByteBuffer allocate() {
      NativeBuffer buffer;
      synchronized (idle) {
        buffer = idle.poll();
      }
      if (buffer == null) {
        buffer = NativeBuffer.allocate(size);
      }
      borrowed.add(buffer);
      return buffer.bytes().clear();
    }

    /** Gives all back: nobody may use them any more. */
    @Override
    public void close() {
      List<NativeBuffer> surplus = new ArrayList<>();
      synchronized (idle) {
        borrowed.forEach(idle::push);
        borrowed.clear();
        jobs--;
        while (jobs == 0 && idle.size() > kept) {
          surplus.add(idle.removeLast());
        }
      }
      surplus.forEach(NativeBuffer::close);
    }
  }
}
