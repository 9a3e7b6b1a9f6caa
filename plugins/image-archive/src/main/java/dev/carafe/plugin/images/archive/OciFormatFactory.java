package dev.carafe.plugin.images.archive;

import dev.carafe.spi.images.ImageFormat;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import java.util.List;

/** Makes the image format {@code oci}. */
@CarafePlugin
public final class OciFormatFactory implements PluginFactory<ImageFormat, OciFormatFactory.Config> {
  /** Nothing to say. */
  public record Config() {}

  @Override
  public PluginDeclaration<ImageFormat, Config> declaration() {
    return new PluginDeclaration<>(PluginTypes.IMAGE_FORMAT, "oci", List.of(), false, new Config());
  }

  @Override
  public ImageFormat create(PluginContext context, Config config) {
    return KeptFormat.OCI;
  }
}
