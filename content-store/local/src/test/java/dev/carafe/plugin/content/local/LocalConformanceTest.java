package dev.carafe.plugin.content.local;

import dev.carafe.spi.content.ContentStore;
import dev.carafe.testkit.content.ContentStoreConformance;
import dev.carafe.testkit.content.ContentStoreHarness;
import java.nio.file.Path;

class LocalConformanceTest extends ContentStoreConformance {
  @Override
  protected ContentStoreHarness harness() {
    return new ContentStoreHarness() {
      @Override
      public ContentStore open(Path root) {
        return LocalContentStore.open(root);
      }

      @Override
      public boolean keepsLabels() {
        return false;
      }
    };
  }
}
