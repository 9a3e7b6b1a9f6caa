package dev.carafe.plugin.restart;

import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.tasks.TaskService;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import java.util.List;

/** Makes the plugin {@code io.containerd.monitor.container.v1.restart}. */
@CarafePlugin
public final class RestartMonitorFactory
    implements PluginFactory<ContainerMonitor, RestartMonitorConfig> {
  @Override
  public PluginDeclaration<ContainerMonitor, RestartMonitorConfig> declaration() {
    return new PluginDeclaration<>(
        ContainerMonitor.TYPE,
        "restart",
        List.of(Metadata.TYPE, TaskService.TYPE, PluginTypes.EVENT_BUS),
        false,
        RestartMonitorConfig.DEFAULT);
  }

  @Override
  public ContainerMonitor create(PluginContext context, RestartMonitorConfig config) {
    for (String policy : List.of("no", "always", "on-failure", "unless-stopped")) {
      context.capability(policy);
    }
    return new RestartMonitor(
        new EngineWorkloads(
            context.require(Metadata.TYPE), context.require(TaskService.TYPE).manager()),
        new ExitEvents(context.require(PluginTypes.EVENT_BUS)),
        config);
  }
}
