package dev.carafe.plugin.source.registry;

import dev.carafe.spi.images.ImageSource;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import java.util.List;

/** Makes the image source {@code registry}. Opens nothing before the first pull. */
@CarafePlugin
public final class RegistryFactory implements PluginFactory<ImageSource, RegistryConfig> {
  @Override
  public PluginDeclaration<ImageSource, RegistryConfig> declaration() {
    return new PluginDeclaration<>(
        PluginTypes.IMAGE_SOURCE,
        "registry",
        List.of(),
        List.of(PluginTypes.CREDENTIAL_PROVIDER),
        false,
        RegistryConfig.DEFAULT);
  }

  @Override
  public ImageSource create(PluginContext context, RegistryConfig config) {
    context.export("config_path", config.configPath());
    return new ConfiguredSource(
        config,
        new CredentialChain(context.wanted(PluginTypes.CREDENTIAL_PROVIDER)),
        settings -> new RegistrySource(settings, System.getenv(), Pause.SLEEP));
  }
}
