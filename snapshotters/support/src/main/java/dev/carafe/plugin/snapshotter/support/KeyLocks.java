package dev.carafe.plugin.snapshotter.support;

import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.snapshots.SnapshotKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/** A lock per key, which exists as long as somebody holds it or waits for it. */
final class KeyLocks {
  private final Map<SnapshotKey, Counted> locks = new HashMap<>();

  /**
   * Waits for the keys, always in the same order so that two callers never wait for each other.
   *
   * @throws CancelledException if the thread is interrupted
   */
  Held lock(SnapshotKey... keys) {
    Held held = new Held();
    for (SnapshotKey key : Stream.of(keys).distinct().sorted().toList()) {
      Counted lock = counted(key);
      try {
        lock.lockInterruptibly();
      } catch (InterruptedException e) {
        release(key, lock);
        held.close();
        Thread.currentThread().interrupt();
        throw new CancelledException("snapshot \"" + key + "\": interrupted", e);
      }
      held.add(key, lock);
    }
    return held;
  }

  private Counted counted(SnapshotKey key) {
    synchronized (locks) {
      Counted lock = locks.computeIfAbsent(key, _ -> new Counted());
      lock.users++;
      return lock;
    }
  }

  private void release(SnapshotKey key, Counted lock) {
    synchronized (locks) {
      if (--lock.users == 0) {
        locks.remove(key);
      }
    }
  }

  int size() {
    synchronized (locks) {
      return locks.size();
    }
  }

  /** The keys of one call. */
  final class Held implements AutoCloseable {
    private final List<Map.Entry<SnapshotKey, Counted>> held = new ArrayList<>(2);

    private void add(SnapshotKey key, Counted lock) {
      held.add(Map.entry(key, lock));
    }

    @Override
    public void close() {
      for (Map.Entry<SnapshotKey, Counted> one : held.reversed()) {
        one.getValue().unlock();
        release(one.getKey(), one.getValue());
      }
      held.clear();
    }
  }

  @SuppressWarnings("serial")
  private static final class Counted extends ReentrantLock {
    int users;
  }
}
