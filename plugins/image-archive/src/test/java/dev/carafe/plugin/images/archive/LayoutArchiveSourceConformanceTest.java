package dev.carafe.plugin.images.archive;

import dev.carafe.testkit.images.ImageSourceConformance;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** The whole conformance suite. */
class LayoutArchiveSourceConformanceTest extends ImageSourceConformance {
  @TempDir Path directory;

  @Override
  protected Place place() throws IOException {
    return new FilePlace("oci-archive", false, directory);
  }
}
