package dev.carafe.plugin.diff.tar;

import dev.carafe.spi.files.ContainerFiles;
import dev.carafe.testkit.files.ContainerFilesConformance;
import java.nio.file.Path;

/** The whole conformance suite. */
class TarFilesConformanceTest extends ContainerFilesConformance {
  @Override
  protected ContainerFiles open(Path directory) {
    return new TarFiles(TarDifferConfig.DEFAULT, new ZstdLibrary(directory));
  }
}
