package dev.carafe.plugin.runtime.oci;

import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import dev.carafe.spi.runtimes.TaskRuntime;
import java.nio.file.Path;
import java.util.List;

/**
 * Makes the {@code oci} runtime. Whether runc and conmon are installed is only asked when a
 * container is created, so that they may come later.
 */
@CarafePlugin
public final class OciRuntimeFactory implements PluginFactory<TaskRuntime, OciRuntimeConfig> {
  private static final PluginDeclaration<TaskRuntime, OciRuntimeConfig> DECLARATION =
      new PluginDeclaration<>(
          PluginTypes.TASK_RUNTIME,
          "oci",
          List.of(PluginTypes.RESOURCE_MANAGER),
          false,
          OciRuntimeConfig.DEFAULT);

  @Override
  public PluginDeclaration<TaskRuntime, OciRuntimeConfig> declaration() {
    return DECLARATION;
  }

  @Override
  public TaskRuntime create(PluginContext context, OciRuntimeConfig config) {
    Path state = context.state();
    context.export("root", config.root().isEmpty() ? state.toString() : config.root());
    return new OciRuntime(config, state, context.requireAll(PluginTypes.RESOURCE_MANAGER));
  }
}
