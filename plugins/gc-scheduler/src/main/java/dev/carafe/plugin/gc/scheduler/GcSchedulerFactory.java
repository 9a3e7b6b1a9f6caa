package dev.carafe.plugin.gc.scheduler;

import dev.carafe.engine.stores.Metadata;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import java.util.List;

/** Makes the plugin {@code io.containerd.gc.v1.scheduler}. */
@CarafePlugin
public final class GcSchedulerFactory implements PluginFactory<GcScheduler, GcSchedulerConfig> {
  @Override
  public PluginDeclaration<GcScheduler, GcSchedulerConfig> declaration() {
    return new PluginDeclaration<>(
        GcScheduler.TYPE, "scheduler", List.of(Metadata.TYPE), false, GcSchedulerConfig.DEFAULT);
  }

  @Override
  public GcScheduler create(PluginContext context, GcSchedulerConfig config) {
    return new ScheduledCollections(context.require(Metadata.TYPE).collector(), config);
  }
}
