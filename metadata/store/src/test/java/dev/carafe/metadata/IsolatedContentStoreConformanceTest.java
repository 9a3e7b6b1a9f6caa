package dev.carafe.metadata;

import dev.carafe.spi.content.ContentStore;
import dev.carafe.testkit.content.ContentStoreConformance;
import dev.carafe.testkit.content.ContentStoreHarness;
import java.nio.file.Path;
import java.time.Duration;

/** The decorator under the isolated policy, where every byte has to be sent. */
class IsolatedContentStoreConformanceTest extends ContentStoreConformance {
  @Override
  protected ContentStoreHarness harness() {
    return new ContentStoreHarness() {
      @Override
      public ContentStore open(Path root) {
        World world = new World(root);
        world.config =
            new MetadataConfig(
                ContentSharing.ISOLATED, Duration.ofHours(24), false, Duration.ofSeconds(10));
        return world.stores().content();
      }

      @Override
      public boolean survivesRestart() {
        return false;
      }
    };
  }
}
