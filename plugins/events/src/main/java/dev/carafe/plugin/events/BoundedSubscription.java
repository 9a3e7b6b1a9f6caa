package dev.carafe.plugin.events;

import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.events.Envelope;
import dev.carafe.spi.events.Subscription;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One subscriber's queue. When it is full, what waits in it is lost, the reader is told once, and
 * the queue goes on with the event that did not fit.
 */
final class BoundedSubscription implements Subscription {
  private static final Logger log = LoggerFactory.getLogger(BoundedSubscription.class);

  private final Predicate<Envelope> filter;
  private final int capacity;
  private final Consumer<BoundedSubscription> onClose;
  private final AtomicBoolean filterFailed = new AtomicBoolean();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Envelope> queue = new ArrayDeque<>();
  private final Set<Envelope> reminders = new HashSet<>();
  private long lost;
  private boolean closed;

  BoundedSubscription(
      Predicate<Envelope> filter, int capacity, Consumer<BoundedSubscription> onClose) {
    this.filter = filter;
    this.capacity = capacity;
    this.onClose = onClose;
  }

  /** A filter that throws matches nothing. The first time is logged. */
  boolean matches(Envelope envelope) {
    try {
      return filter.test(envelope);
    } catch (RuntimeException | Error e) {
      if (filterFailed.compareAndSet(false, true)) {
        log.warn("the filter of a subscription failed on {}", envelope.topic(), e);
      }
      return false;
    }
  }

  void offer(Envelope envelope) {
    lock.lock();
    try {
      if (closed || reminders.remove(envelope)) {
        return;
      }
      if (queue.size() == capacity) {
        lost += queue.size();
        queue.clear();
      }
      queue.add(envelope);
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Queues what was published before, unless it is there already; before anybody reads. Its
   * publisher may be at it still: it is not queued twice.
   */
  void remind(Envelope envelope) {
    lock.lock();
    try {
      if (!queue.contains(envelope)) {
        offer(envelope);
        reminders.add(envelope);
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public @Nullable Envelope next(Duration atMost) throws InterruptedException {
    long left = nanos(atMost);
    lock.lockInterruptibly();
    try {
      while (!closed && queue.isEmpty() && left > 0) {
        left = changed.awaitNanos(left);
      }
      if (lost > 0) {
        long count = lost;
        lost = 0;
        throw new ResourceExhaustedException(
            "subscription: " + count + " events were lost, the queue holds " + capacity);
      }
      return queue.poll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      lost = 0;
      queue.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    onClose.accept(this);
  }

  private static long nanos(Duration duration) {
    try {
      return duration.toNanos();
    } catch (ArithmeticException e) {
      return duration.isNegative() ? 0 : Long.MAX_VALUE;
    }
  }
}
