package dev.carafe.plugin.logs;

import dev.carafe.spi.logs.LogDriver;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import java.util.List;

/** The log driver {@code journald}. */
@CarafePlugin
public final class JournaldFactory implements PluginFactory<LogDriver, JournaldFactory.None> {
  @Override
  public PluginDeclaration<LogDriver, None> declaration() {
    return new PluginDeclaration<>(
        PluginTypes.LOG_DRIVER, "journald", List.of(), false, new None());
  }

  @Override
  public LogDriver create(PluginContext context, None config) {
    return new JournaldDriver();
  }

  /** It has no settings. */
  public record None() {}
}
