package dev.carafe.testkit.images;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.images.ImageFormat;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** The whole conformance suite, on the foreign format that tests use. */
class TextImageFormatConformanceTest extends ImageFormatConformance {
  private static final byte[] IMAGE = TextImageFormat.of("a text");

  @Override
  protected ImageFormat open(Path directory) {
    return new TextImageFormat();
  }

  @Override
  protected Optional<Sample> document() {
    Descriptor target = new Descriptor(TextImageFormat.MEDIA_TYPE, Digest.of(IMAGE), IMAGE.length);
    return Optional.of(new Sample(target, Map.of(target.digest(), IMAGE)));
  }

  @Override
  protected Optional<byte[]> archive() {
    return Optional.of(IMAGE);
  }
}
