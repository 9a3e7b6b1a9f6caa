package dev.carafe.plugin.runtime.shim;

import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import dev.carafe.spi.runtimes.TaskRuntime;
import java.util.List;

/**
 * Makes the {@code shim} runtime. Which shims are installed is asked when a container is created,
 * so that they may come later.
 */
@CarafePlugin
public final class ShimRuntimeFactory implements PluginFactory<TaskRuntime, ShimRuntimeConfig> {
  private static final PluginDeclaration<TaskRuntime, ShimRuntimeConfig> DECLARATION =
      new PluginDeclaration<>(
          PluginTypes.TASK_RUNTIME, "shim", List.of(), false, ShimRuntimeConfig.DEFAULT);

  @Override
  public PluginDeclaration<TaskRuntime, ShimRuntimeConfig> declaration() {
    return DECLARATION;
  }

  @Override
  public TaskRuntime create(PluginContext context, ShimRuntimeConfig config) {
    ShimRuntimeConfig complete = config.withAddress(context.address());
    context.export("address", complete.address());
    return new ShimRuntime(complete, context.root());
  }
}
