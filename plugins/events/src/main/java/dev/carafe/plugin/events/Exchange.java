package dev.carafe.plugin.events;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.events.Envelope;
import dev.carafe.spi.events.EventBus;
import dev.carafe.spi.events.Subscription;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/**
 * Hands events to subscribers' queues. All subscribers see all events in one order, and one
 * publisher's in the order it published them. Filters run before the order is taken, so that a slow
 * one holds up its publisher and nobody else. Late subscribers are told {@link MissedExits}.
 */
final class Exchange implements EventBus, AutoCloseable {
  private final CopyOnWriteArrayList<BoundedSubscription> subscriptions =
      new CopyOnWriteArrayList<>();
  private final ReentrantLock order = new ReentrantLock();
  private final MissedExits missed;
  private volatile boolean closed;

  Exchange(InstantSource clock) {
    this.missed = new MissedExits(clock);
  }

  @Override
  public void publish(Envelope envelope) {
    missed.see(envelope);
    List<BoundedSubscription> matching = new ArrayList<>();
    for (BoundedSubscription subscription : subscriptions) {
      if (subscription.matches(envelope)) {
        matching.add(subscription);
      }
    }
    if (matching.isEmpty()) {
      return;
    }
    order.lock();
    try {
      matching.forEach(subscription -> subscription.offer(envelope));
    } finally {
      order.unlock();
    }
  }

  @Override
  public Subscription subscribe(Predicate<Envelope> filter, int capacity) {
    if (capacity < 1) {
      throw new InvalidArgumentException("subscription capacity " + capacity + " is less than 1");
    }
    BoundedSubscription subscription =
        new BoundedSubscription(filter, capacity, subscriptions::remove);
    subscriptions.add(subscription);
    if (closed) {
      subscription.close();
      throw new UnavailableException("the event exchange is closed");
    }
    missed.list().stream().filter(subscription::matches).forEach(subscription::remind);
    return subscription;
  }

  /** Ends all subscriptions: their readers get null at once. */
  @Override
  public void close() {
    closed = true;
    subscriptions.forEach(BoundedSubscription::close);
  }

  int subscribers() {
    return subscriptions.size();
  }
}
