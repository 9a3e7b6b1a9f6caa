package com.example.aci;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.images.ImageFormat;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.Description;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import java.util.List;

/** Makes the image format {@code dev.carafe.image-format.v1.aci}. */
@CarafePlugin
public final class AciFactory implements PluginFactory<ImageFormat, AciFactory.Config> {
  /** The table {@code [plugins."dev.carafe.image-format.v1.aci"]}. */
  public record Config(
      @Description("Bytes that the files of an image may have, uncompressed.") long maxBytes,
      @Description("Files that an image may have.") long maxFiles) {
    public Config {
      if (maxBytes < 1 || maxFiles < 1) {
        throw new InvalidArgumentException("max_bytes and max_files must be 1 or more");
      }
    }
  }

  @Override
  public PluginDeclaration<ImageFormat, Config> declaration() {
    return new PluginDeclaration<>(
        PluginTypes.IMAGE_FORMAT,
        "aci",
        List.of(),
        /* essential= */ false,
        new Config(32L << 30, 1_000_000));
  }

  @Override
  public ImageFormat create(PluginContext context, Config config) {
    return new AciFormat(config);
  }
}
