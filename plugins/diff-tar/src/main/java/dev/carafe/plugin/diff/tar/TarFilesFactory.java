package dev.carafe.plugin.diff.tar;

import dev.carafe.spi.files.ContainerFiles;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import java.util.List;

/** Makes the container files {@code tar}. */
@CarafePlugin
public final class TarFilesFactory implements PluginFactory<ContainerFiles, TarDifferConfig> {
  @Override
  public PluginDeclaration<ContainerFiles, TarDifferConfig> declaration() {
    return new PluginDeclaration<>(
        PluginTypes.CONTAINER_FILES, "tar", List.of(), false, TarDifferConfig.DEFAULT);
  }

  @Override
  public ContainerFiles create(PluginContext context, TarDifferConfig config) {
    return new TarFiles(config, new ZstdLibrary(context.root()));
  }
}
