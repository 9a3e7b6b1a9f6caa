package dev.carafe.metadata;

import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.UnavailableException;
import java.time.Duration;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Mutual exclusion by key, for operations that span a back end and the database. */
final class KeyLocks {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition released = lock.newCondition();
  private final Set<Object> held = new HashSet<>();

  /** Takes a key if nobody has it. */
  boolean tryLock(Object key) {
    lock.lock();
    try {
      return held.add(key);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes all keys together, waiting for them at most as long as {@code patience}.
   *
   * @throws UnavailableException if that is too short
   * @throws CancelledException if the caller is interrupted while it waits
   */
  Held acquire(Set<?> keys, Duration patience) {
    long left = patience.toNanos();
    lock.lock();
    try {
      while (!Collections.disjoint(held, keys)) {
        if (left <= 0) {
          throw new UnavailableException(keys + ": another operation has not ended");
        }
        left = released.awaitNanos(left);
      }
      held.addAll(keys);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException(keys + ": interrupted", e);
    } finally {
      lock.unlock();
    }
    return () -> releaseAll(keys);
  }

  /** Takes all keys together if nobody has one of them, else returns null. */
  @Nullable Held tryAcquire(Set<?> keys) {
    lock.lock();
    try {
      if (!Collections.disjoint(held, keys)) {
        return null;
      }
      held.addAll(keys);
    } finally {
      lock.unlock();
    }
    return () -> releaseAll(keys);
  }

  boolean isHeld(Object key) {
    lock.lock();
    try {
      return held.contains(key);
    } finally {
      lock.unlock();
    }
  }

  void release(Object key) {
    releaseAll(Set.of(key));
  }

  private void releaseAll(Set<?> keys) {
    lock.lock();
    try {
      held.removeAll(keys);
      released.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Keys that are held. */
  interface Held extends AutoCloseable {
    @Override
    void close();
  }
}
