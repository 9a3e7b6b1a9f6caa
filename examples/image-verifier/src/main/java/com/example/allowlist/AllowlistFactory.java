package com.example.allowlist;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.images.ImageVerifier;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.Description;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import java.nio.file.Path;
import java.util.List;

/** Makes the image verifier {@code io.containerd.image-verifier.v1.allowlist}. */
@CarafePlugin
public final class AllowlistFactory
    implements PluginFactory<ImageVerifier, AllowlistFactory.Config> {
  /** The table {@code [plugins."io.containerd.image-verifier.v1.allowlist"]}. */
  public record Config(
      @Description("The list of images that are allowed; without it, none is.") String file) {
    public Config {
      if (!file.startsWith("/")) {
        throw new InvalidArgumentException("file: \"" + file + "\" is not absolute");
      }
    }
  }

  @Override
  public PluginDeclaration<ImageVerifier, Config> declaration() {
    return new PluginDeclaration<>(
        PluginTypes.IMAGE_VERIFIER,
        "allowlist",
        List.of(),
        /* essential= */ false,
        new Config("/etc/carafe/allowed-images"));
  }

  @Override
  public ImageVerifier create(PluginContext context, Config config) {
    context.export("file", config.file());
    return new AllowlistVerifier(Path.of(config.file()));
  }
}
