package dev.carafe.services.debug;

import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.events.Envelope;
import dev.carafe.spi.events.EventBus;
import dev.carafe.spi.events.Subscription;
import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A bus with one subscriber, which can be told that it was too slow. */
final class QueueBus implements EventBus, Subscription {
  private final LinkedBlockingQueue<Object> queue = new LinkedBlockingQueue<>();
  volatile boolean closed;

  @Override
  public void publish(Envelope envelope) {
    queue.add(envelope);
  }

  void overrun() {
    queue.add("overrun");
  }

  @Override
  public Subscription subscribe(Predicate<Envelope> filter, int capacity) {
    return this;
  }

  @Override
  public @Nullable Envelope next(Duration atMost) throws InterruptedException {
    Object next = queue.poll(Math.min(atMost.toMillis(), 100), TimeUnit.MILLISECONDS);
    if (next instanceof String) {
      throw new ResourceExhaustedException("events were lost");
    }
    return (Envelope) next;
  }

  @Override
  public void close() {
    closed = true;
  }
}
