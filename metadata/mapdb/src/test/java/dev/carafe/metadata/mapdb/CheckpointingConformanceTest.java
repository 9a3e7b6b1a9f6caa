package dev.carafe.metadata.mapdb;

import dev.carafe.testkit.metadata.MetadataDatabaseConformance;
import dev.carafe.testkit.metadata.MetadataDatabaseHarness;

/** The same contract with a checkpoint every few transactions, and many extensions. */
class CheckpointingConformanceTest extends MetadataDatabaseConformance {
  @Override
  protected MetadataDatabaseHarness harness() {
    var config = new MapdbConfig(4096, 4096, 512, 32 << 20);
    return root -> MapdbDatabase.open(root, config);
  }
}
