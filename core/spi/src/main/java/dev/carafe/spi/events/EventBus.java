package dev.carafe.spi.events;

import java.util.List;
import java.util.function.Predicate;

/**
 * Tells events to subscribers, in the order of publication, from the moment of subscription on;
 * nothing is stored. The one exception that is allowed: soon after the daemon's start, a subscriber
 * may be told of exits of processes that an earlier daemon had started, as long as they are not
 * deleted.
 *
 * <p>You guarantee: {@link #publish} never waits for a subscriber; a subscriber that is too slow
 * loses its own queue and nobody else's.
 *
 * <p>The daemon guarantees: each subscription has one reader, and is closed.
 */
public interface EventBus {
  /** Queues the event for every matching subscriber. */
  void publish(Envelope envelope);

  /** Queues events one after the other. */
  default void publishAll(List<Envelope> envelopes) {
    envelopes.forEach(this::publish);
  }

  /**
   * Subscribes.
   *
   * @param filter runs on the publisher's thread: cheap, and must not throw
   * @param capacity how many events may wait, 1 or more
   */
  Subscription subscribe(Predicate<Envelope> filter, int capacity);
}
