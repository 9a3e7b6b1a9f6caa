package dev.carafe.plugin.logs;

import dev.carafe.spi.logs.LogDriver;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import java.util.List;

/** The log driver {@code tee}. */
@CarafePlugin
public final class TeeFactory implements PluginFactory<LogDriver, TeeConfig> {
  @Override
  public PluginDeclaration<LogDriver, TeeConfig> declaration() {
    return new PluginDeclaration<>(
        PluginTypes.LOG_DRIVER, "tee", List.of(), false, TeeConfig.DEFAULT);
  }

  @Override
  public LogDriver create(PluginContext context, TeeConfig config) {
    return new TeeDriver(config);
  }
}
