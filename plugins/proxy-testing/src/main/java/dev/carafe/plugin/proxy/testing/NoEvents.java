package dev.carafe.plugin.proxy.testing;

import dev.carafe.spi.events.Envelope;
import dev.carafe.spi.events.EventBus;
import dev.carafe.spi.events.Subscription;
import java.util.Map;
import java.util.function.Predicate;

/** Tells nobody anything. */
public final class NoEvents implements EventBus {
  @Override
  public void publish(Envelope envelope) {}

  @Override
  public Subscription subscribe(Predicate<Envelope> filter, int capacity) {
    throw new UnsupportedOperationException("there are no events: " + Map.of("capacity", capacity));
  }
}
