package dev.carafe.testkit.metadata;

import dev.carafe.spi.metadata.MetadataDatabase;
import java.nio.file.Path;

class MemoryMetadataDatabaseConformanceTest extends MetadataDatabaseConformance {
  @Override
  protected MetadataDatabaseHarness harness() {
    return new MetadataDatabaseHarness() {
      @Override
      public MetadataDatabase open(Path root) {
        return new MemoryMetadataDatabase();
      }

      @Override
      public boolean survivesRestart() {
        return false;
      }
    };
  }
}
