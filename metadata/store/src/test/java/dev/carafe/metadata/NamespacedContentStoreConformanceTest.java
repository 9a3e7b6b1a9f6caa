package dev.carafe.metadata;

import dev.carafe.spi.content.ContentStore;
import dev.carafe.testkit.content.ContentStoreConformance;
import dev.carafe.testkit.content.ContentStoreHarness;
import java.nio.file.Path;

/** The decorator keeps the contract of what it decorates. */
class NamespacedContentStoreConformanceTest extends ContentStoreConformance {
  @Override
  protected ContentStoreHarness harness() {
    return new ContentStoreHarness() {
      @Override
      public ContentStore open(Path root) {
        return new World(root).stores().content();
      }

      @Override
      public boolean survivesRestart() {
        return false;
      }
    };
  }
}
