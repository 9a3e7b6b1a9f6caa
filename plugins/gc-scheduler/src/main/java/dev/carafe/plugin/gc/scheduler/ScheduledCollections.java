package dev.carafe.plugin.gc.scheduler;

import dev.carafe.engine.stores.GarbageCollector;
import dev.carafe.spi.plugins.Reloadable;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One thread that sleeps until {@link Pace} says that a collection is due. */
final class ScheduledCollections
    implements GcScheduler, Reloadable<GcSchedulerConfig>, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ScheduledCollections.class);
  private static final Duration GRACE = Duration.ofSeconds(5);

  private final GarbageCollector collector;
  private final Pace pace;
  private final Thread thread;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private Status status = new Status(0, 0, Duration.ZERO);
  private boolean closed;

  /** Returns at once; the first collection comes later. */
  ScheduledCollections(GarbageCollector collector, GcSchedulerConfig config) {
    this.collector = collector;
    this.pace = new Pace(config, System.nanoTime());
    this.thread = Thread.ofVirtual().name("garbage collection").unstarted(this::run);
    collector.onMutation(this::mutated);
    thread.start();
  }

  @Override
  public Status status() {
    lock.lock();
    try {
      return status;
    } finally {
      lock.unlock();
    }
  }

  /** {@code startup_delay} has had its time. */
  @Override
  public void reload(GcSchedulerConfig config) {
    lock.lock();
    try {
      pace.reload(config, System.nanoTime());
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Interrupts a collection that runs, and waits for it, but not for long. Idempotent. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    thread.interrupt();
    try {
      if (!thread.join(GRACE)) {
        log.warn("a garbage collection does not obey an interrupt");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void mutated(boolean deletion) {
    lock.lock();
    try {
      if (!closed && pace.mutated(System.nanoTime(), deletion)) {
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    try {
      while (awaitDue()) {
        collect();
      }
    } catch (InterruptedException e) {
      // Closed.
    }
  }

  /** Whether a collection is due; false if closed. */
  private boolean awaitDue() throws InterruptedException {
    lock.lock();
    try {
      while (!closed) {
        if (pace.begins(System.nanoTime())) {
          return true;
        }
        OptionalLong due = pace.due();
        if (due.isEmpty()) {
          changed.await();
        } else {
          changed.awaitNanos(due.getAsLong() - System.nanoTime());
        }
      }
      return false;
    } finally {
      lock.unlock();
    }
  }

  private void collect() throws InterruptedException {
    try {
      GarbageCollector.Report report = collector.collect();
      ended(report.duration(), true);
    } catch (RuntimeException e) {
      log.warn("garbage collection failed and is tried again: {}", e.toString());
      ended(Duration.ZERO, false);
    }
  }

  private void ended(Duration took, boolean well) {
    lock.lock();
    try {
      if (well) {
        pace.collected(System.nanoTime(), took);
        status = new Status(status.collections() + 1, status.failures(), status.total().plus(took));
      } else {
        pace.failed(System.nanoTime());
        status = new Status(status.collections(), status.failures() + 1, status.total());
      }
    } finally {
      lock.unlock();
    }
  }
}
