package dev.carafe.metadata;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets snapshotters free space behind everybody's back: one run for each at a time, and another if
 * there was a reason for one meanwhile.
 */
final class Freeing implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Freeing.class);
  private static final Duration GRACE = Duration.ofSeconds(2);

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<SnapshotSweep, Thread> running = new HashMap<>();
  private final Set<SnapshotSweep> again = new HashSet<>();
  private boolean closed;

  void start(SnapshotSweep snapshots) {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      if (running.containsKey(snapshots)) {
        again.add(snapshots);
        return;
      }
      running.put(snapshots, Thread.ofVirtual().name("free space").start(() -> run(snapshots)));
    } finally {
      lock.unlock();
    }
  }

  /** Interrupts what runs and waits a little for it. */
  @Override
  public void close() {
    List<Thread> threads;
    lock.lock();
    try {
      closed = true;
      threads = List.copyOf(running.values());
    } finally {
      lock.unlock();
    }
    threads.forEach(Thread::interrupt);
    long end = System.nanoTime() + GRACE.toNanos();
    for (Thread thread : threads) {
      try {
        thread.join(Duration.ofNanos(Math.max(1, end - System.nanoTime())));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private void run(SnapshotSweep snapshots) {
    do {
      try {
        snapshots.free();
      } catch (RuntimeException e) {
        log.warn("space is freed another time: {}", e.toString());
      }
    } while (goesOn(snapshots));
  }

  private boolean goesOn(SnapshotSweep snapshots) {
    lock.lock();
    try {
      if (!closed && again.remove(snapshots)) {
        return true;
      }
      running.remove(snapshots);
      return false;
    } finally {
      lock.unlock();
    }
  }
}
