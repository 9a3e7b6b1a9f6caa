package dev.carafe.plugin.restart;

import dev.carafe.engine.stores.Namespace;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.events.Envelope;
import dev.carafe.spi.events.Event;
import dev.carafe.spi.events.EventBus;
import dev.carafe.spi.events.Subscription;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Exits of first processes, from the event bus. */
final class ExitEvents implements Workloads.Exits {
  private static final int CAPACITY = 4096;
  private static final Duration WHILE = Duration.ofSeconds(5);

  private final Subscription subscription;

  ExitEvents(EventBus bus) {
    this.subscription =
        bus.subscribe(
            envelope ->
                envelope.event() instanceof Event.TaskExited exit
                    && exit.id().equals(exit.containerId()),
            CAPACITY);
  }

  @Override
  public @Nullable List<Workload> next() throws InterruptedException {
    try {
      Envelope envelope = subscription.next(WHILE);
      return envelope != null && envelope.event() instanceof Event.TaskExited exit
          ? List.of(new Workload(new Namespace(envelope.namespace()), exit.containerId()))
          : List.of();
    } catch (ResourceExhaustedException e) {
      return null;
    }
  }

  @Override
  public void close() {
    subscription.close();
  }
}
