package dev.carafe.plugin.runtime.wasm;

import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import dev.carafe.spi.runtimes.TaskRuntime;
import java.util.List;

/** Makes the {@code wasm} runtime. */
@CarafePlugin
public final class WasmRuntimeFactory implements PluginFactory<TaskRuntime, WasmConfig> {
  @Override
  public PluginDeclaration<TaskRuntime, WasmConfig> declaration() {
    return new PluginDeclaration<>(
        PluginTypes.TASK_RUNTIME,
        "wasm",
        List.of(PluginTypes.ROOT_FILE_SYSTEMS),
        /* essential= */ false,
        WasmConfig.DEFAULT);
  }

  @Override
  public TaskRuntime create(PluginContext context, WasmConfig config) {
    return new WasmRuntime(config, context.require(PluginTypes.ROOT_FILE_SYSTEMS));
  }
}
