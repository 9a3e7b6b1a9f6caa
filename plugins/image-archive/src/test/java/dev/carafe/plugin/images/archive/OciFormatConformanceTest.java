package dev.carafe.plugin.images.archive;

import dev.carafe.spi.images.ImageFormat;
import dev.carafe.testkit.images.ImageFormatConformance;
import dev.carafe.testkit.images.SampleImage;
import java.nio.file.Path;
import java.util.Optional;

/** The whole conformance suite. */
class OciFormatConformanceTest extends ImageFormatConformance {
  @Override
  protected ImageFormat open(Path directory) {
    return KeptFormat.OCI;
  }

  @Override
  protected Optional<Sample> document() {
    SampleImage image = SampleImage.of(3, 1000, 2000);
    return Optional.of(new Sample(image.manifest(), image.blobs()));
  }
}
