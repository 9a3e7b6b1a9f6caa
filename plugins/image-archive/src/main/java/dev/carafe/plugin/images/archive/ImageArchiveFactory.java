package dev.carafe.plugin.images.archive;

import dev.carafe.spi.images.ImageArchive;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import java.util.List;

/** Makes the image archive {@code tar}. */
@CarafePlugin
public final class ImageArchiveFactory implements PluginFactory<ImageArchive, ImageArchiveConfig> {
  @Override
  public PluginDeclaration<ImageArchive, ImageArchiveConfig> declaration() {
    return new PluginDeclaration<>(
        PluginTypes.IMAGE_ARCHIVE, "tar", List.of(), false, ImageArchiveConfig.DEFAULT);
  }

  @Override
  public ImageArchive create(PluginContext context, ImageArchiveConfig config) {
    return new TarImageArchive(config, new Zstd(context.root()));
  }
}
