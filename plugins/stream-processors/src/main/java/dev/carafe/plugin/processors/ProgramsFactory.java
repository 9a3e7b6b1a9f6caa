package dev.carafe.plugin.processors;

import dev.carafe.spi.diffs.LayerProcessor;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import java.util.List;

/** Makes the layer processor {@code programs}. Programs are looked for when a layer needs them. */
@CarafePlugin
public final class ProgramsFactory implements PluginFactory<LayerProcessor, ProgramsConfig> {
  @Override
  public PluginDeclaration<LayerProcessor, ProgramsConfig> declaration() {
    return new PluginDeclaration<>(
        PluginTypes.LAYER_PROCESSOR, "programs", List.of(), false, ProgramsConfig.DEFAULT);
  }

  @Override
  public LayerProcessor create(PluginContext context, ProgramsConfig config) {
    return new ProgramProcessor(config);
  }
}
