package dev.carafe.engine.sandboxes;

import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/** One caller at a time for each key; others wait, and an interrupt ends the wait. */
public final class KeyedLock<K> {
  private static final class Slot {
    private final ReentrantLock lock = new ReentrantLock();
    private int users;
  }

  private final ConcurrentHashMap<K, Slot> slots = new ConcurrentHashMap<>();

  public <T> T alone(K key, Callable<T> work) throws Exception {
    Slot slot =
        slots.compute(
            key,
            (_, present) -> {
              Slot used = present == null ? new Slot() : present;
              used.users++;
              return used;
            });
    try {
      slot.lock.lockInterruptibly();
      try {
        return work.call();
      } finally {
        slot.lock.unlock();
      }
    } finally {
      slots.computeIfPresent(key, (_, used) -> --used.users == 0 ? null : used);
    }
  }
}
