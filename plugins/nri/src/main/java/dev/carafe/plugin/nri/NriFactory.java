package dev.carafe.plugin.nri;

import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import dev.carafe.spi.pods.PodHooks;
import java.util.List;

/** Makes the plugin {@code io.containerd.nri.v1.nri}. */
@CarafePlugin
public final class NriFactory implements PluginFactory<PodHooks, NriConfig> {
  @Override
  public PluginDeclaration<PodHooks, NriConfig> declaration() {
    return new PluginDeclaration<>(
        PluginTypes.POD_HOOKS, "nri", List.of(), false, NriConfig.DEFAULT);
  }

  @Override
  public PodHooks create(PluginContext context, NriConfig config) {
    context.export("socket", config.disable() ? "" : config.socket());
    return new Nri(config, context.state());
  }
}
