package dev.carafe.testkit.content;

import dev.carafe.spi.content.ContentStore;
import java.nio.file.Path;

class MemoryContentStoreConformanceTest extends ContentStoreConformance {
  @Override
  protected ContentStoreHarness harness() {
    return new Harness();
  }

  static final class Harness implements ContentStoreHarness {
    @Override
    public ContentStore open(Path root) {
      return new MemoryContentStore();
    }

    @Override
    public boolean survivesRestart() {
      return false;
    }
  }
}
