package dev.carafe.plugin.runtime.shim;

import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import dev.carafe.spi.sandboxes.SandboxController;
import java.util.List;

/** Makes the sandbox controller {@code shim}; its keys are those of the {@code shim} runtime. */
@CarafePlugin
public final class ShimSandboxFactory
    implements PluginFactory<SandboxController, ShimRuntimeConfig> {
  @Override
  public PluginDeclaration<SandboxController, ShimRuntimeConfig> declaration() {
    return new PluginDeclaration<>(
        PluginTypes.SANDBOX_CONTROLLER, "shim", List.of(), false, ShimRuntimeConfig.DEFAULT);
  }

  @Override
  public SandboxController create(PluginContext context, ShimRuntimeConfig config) {
    return ShimSandboxController.open(
        config.withAddress(context.address()), context.state(), context.root());
  }
}
