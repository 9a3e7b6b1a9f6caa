package dev.carafe.plugin.events;

import dev.carafe.spi.events.EventBus;
import dev.carafe.testkit.events.EventBusConformance;
import java.nio.file.Path;
import java.time.InstantSource;

class ExchangeConformanceTest extends EventBusConformance {
  @Override
  protected EventBus open(Path directory) {
    return new Exchange(InstantSource.system());
  }
}
