package dev.carafe.plugin.verifier.bindir;

import dev.carafe.spi.images.ImageVerifier;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import java.util.List;

/** Makes the image verifier {@code bindir}. Looks into its directory at each image, not before. */
@CarafePlugin
public final class BindirFactory implements PluginFactory<ImageVerifier, BindirConfig> {
  @Override
  public PluginDeclaration<ImageVerifier, BindirConfig> declaration() {
    return new PluginDeclaration<>(
        PluginTypes.IMAGE_VERIFIER, "bindir", List.of(), false, BindirConfig.DEFAULT);
  }

  @Override
  public ImageVerifier create(PluginContext context, BindirConfig config) {
    return new BindirVerifier(config);
  }
}
