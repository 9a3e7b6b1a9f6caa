package dev.carafe.plugin.logs;

import dev.carafe.spi.logs.LogDriver;
import dev.carafe.spi.logs.LogLine;
import dev.carafe.spi.logs.LoggedContainer;
import dev.carafe.testkit.logs.LogDriverConformance;
import dev.carafe.testkit.logs.LogDriverHarness;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

class TeeConformanceTest extends LogDriverConformance {
  @Override
  protected LogDriverHarness harness() {
    return new LogDriverHarness() {
      @Override
      public LogDriver open(Path root) {
        return Copies.driver(root, 64L << 20);
      }

      @Override
      public List<LogLine> arrived(Path root, LoggedContainer container) throws IOException {
        return Copies.lines(Copies.driver(root, 64L << 20).file(container));
      }
    };
  }
}
