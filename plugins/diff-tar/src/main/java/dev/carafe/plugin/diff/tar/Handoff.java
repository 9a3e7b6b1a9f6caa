package dev.carafe.plugin.diff.tar;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A bounded queue from one stage of a {@link Pipeline} to the next. Whoever waits in it is woken
 * when the pipeline fails.
 */
final class Handoff<T> {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Queue<T> items = new ArrayDeque<>();
  private final int capacity;
  private boolean finished;
  private boolean aborted;

  Handoff(int capacity) {
    this.capacity = capacity;
  }

  /**
   * Adds an item, waiting for room.
   *
   * @throws PipelineAborted if the pipeline failed
   */
  void put(T item) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (items.size() == capacity && !aborted) {
        changed.await();
      }
      if (aborted) {
        throw PipelineAborted.INSTANCE;
      }
      items.add(item);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Adds an item if there is room; false if there is none. */
  boolean offer(T item) {
    lock.lock();
    try {
      if (aborted || items.size() == capacity) {
        return false;
      }
      items.add(item);
      changed.signalAll();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /**
   * The next item, waiting for it; null when the producer has finished.
   *
   * @throws PipelineAborted if the pipeline failed
   */
  @Nullable T take() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (items.isEmpty() && !finished && !aborted) {
        changed.await();
      }
      if (aborted) {
        throw PipelineAborted.INSTANCE;
      }
      T item = items.poll();
      changed.signalAll();
      return item;
    } finally {
      lock.unlock();
    }
  }

  /** An item if one is there. */
  @Nullable T poll() {
    lock.lock();
    try {
      T item = items.poll();
      changed.signalAll();
      return item;
    } finally {
      lock.unlock();
    }
  }

  /** Says that nothing more will be put. */
  void finish() {
    lock.lock();
    try {
      finished = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  void abort() {
    lock.lock();
    try {
      aborted = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Ends a stage because another one failed; says nothing of its own. */
  static final class PipelineAborted extends RuntimeException {
    private static final long serialVersionUID = 1L;
    static final PipelineAborted INSTANCE = new PipelineAborted();

    private PipelineAborted() {
      super("another stage failed", null, false, false);
    }
  }
}
