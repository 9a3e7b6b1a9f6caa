package dev.carafe.plugin.diff.tar;

import dev.carafe.spi.diffs.Differ;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import java.util.List;

/** Makes the differ {@code walking}: tar layers, as containerd's differ of that name. */
@CarafePlugin
public final class TarDifferFactory implements PluginFactory<Differ, TarDifferConfig> {
  @Override
  public PluginDeclaration<Differ, TarDifferConfig> declaration() {
    return new PluginDeclaration<>(
        PluginTypes.DIFFER, "walking", List.of(), false, TarDifferConfig.DEFAULT);
  }

  @Override
  public Differ create(PluginContext context, TarDifferConfig config) {
    return new TarDiffer(config, context.root());
  }
}
