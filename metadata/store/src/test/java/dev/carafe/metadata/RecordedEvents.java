package dev.carafe.metadata;

import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.events.Envelope;
import dev.carafe.spi.events.Event;
import dev.carafe.spi.events.EventBus;
import dev.carafe.spi.events.Subscription;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

/** Remembers what was published. */
final class RecordedEvents implements EventBus {
  private final List<Envelope> envelopes = new CopyOnWriteArrayList<>();

  @Override
  public void publish(Envelope envelope) {
    envelopes.add(envelope);
  }

  @Override
  public Subscription subscribe(Predicate<Envelope> filter, int capacity) {
    throw new UnimplementedException("nobody subscribes in these tests");
  }

  /** Everything since the last call. */
  List<Event> take() {
    List<Event> taken = envelopes.stream().map(Envelope::event).toList();
    envelopes.clear();
    return taken;
  }

  List<Envelope> envelopes() {
    return List.copyOf(envelopes);
  }
}
