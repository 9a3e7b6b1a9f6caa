package dev.carafe.integration.plugins;

import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.events.Envelope;
import dev.carafe.spi.events.EventBus;
import dev.carafe.spi.events.Subscription;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import java.util.List;
import java.util.function.Predicate;

/** A plugin on the class path, as the daemon's own are. */
@CarafePlugin
public final class BundledBusFactory implements PluginFactory<EventBus, BundledBusFactory.Config> {
  /** No keys. */
  public record Config() {}

  @Override
  public PluginDeclaration<EventBus, Config> declaration() {
    return new PluginDeclaration<>(PluginTypes.EVENT_BUS, "bundled", List.of(), true, new Config());
  }

  @Override
  public EventBus create(PluginContext context, Config config) {
    return new EventBus() {
      @Override
      public void publish(Envelope envelope) {}

      @Override
      public Subscription subscribe(Predicate<Envelope> filter, int capacity) {
        throw new NotFoundException("nobody publishes here");
      }
    };
  }
}
