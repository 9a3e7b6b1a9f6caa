package dev.carafe.plugin.images.archive;

import dev.carafe.spi.images.ImageSource;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import java.util.List;

/** Makes the image source {@code files}. */
@CarafePlugin
public final class ImageFilesFactory implements PluginFactory<ImageSource, ImageFilesConfig> {
  @Override
  public PluginDeclaration<ImageSource, ImageFilesConfig> declaration() {
    return new PluginDeclaration<>(
        PluginTypes.IMAGE_SOURCE, "files", List.of(), false, ImageFilesConfig.DEFAULT);
  }

  @Override
  public ImageSource create(PluginContext context, ImageFilesConfig config) {
    ImageFiles files = new ImageFiles(config, context.root(), new Zstd(context.root()));
    files.clean();
    return files;
  }
}
