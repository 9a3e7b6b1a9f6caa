package dev.carafe.plugin.images.archive;

import dev.carafe.spi.images.ImageArchive;
import dev.carafe.testkit.images.ImageArchiveConformance;
import java.nio.file.Path;

/** The whole conformance suite. */
class TarImageArchiveConformanceTest extends ImageArchiveConformance {
  @Override
  protected ImageArchive open(Path directory) {
    return new TarImageArchive(ImageArchiveConfig.DEFAULT, new Zstd(directory));
  }
}
