package dev.carafe.plugin.events;

import dev.carafe.spi.events.EventBus;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import java.time.InstantSource;
import java.util.List;

/** Makes the event bus {@code io.containerd.event.v1.exchange}. Its table has no keys. */
@CarafePlugin
public final class ExchangeFactory implements PluginFactory<EventBus, ExchangeFactory.Config> {
  private static final PluginDeclaration<EventBus, Config> DECLARATION =
      new PluginDeclaration<>(
          PluginTypes.EVENT_BUS, "exchange", List.of(), /* essential= */ true, new Config());

  /** Nothing to configure: each subscriber says how much may wait for it. */
  public record Config() {}

  @Override
  public PluginDeclaration<EventBus, Config> declaration() {
    return DECLARATION;
  }

  @Override
  public EventBus create(PluginContext context, Config config) {
    return new Exchange(InstantSource.system());
  }
}
