package dev.carafe.plugin.diff.tar;

import dev.carafe.spi.diffs.Differ;
import dev.carafe.testkit.TestContext;
import dev.carafe.testkit.diffs.DifferConformance;
import java.nio.file.Path;

class TarDifferConformanceTest extends DifferConformance {
  @Override
  protected Differ open(Path directory) {
    return TestContext.open(new TarDifferFactory(), directory);
  }
}
