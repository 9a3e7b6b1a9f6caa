package dev.carafe.metadata.mapdb;

import dev.carafe.testkit.metadata.MetadataDatabaseConformance;
import dev.carafe.testkit.metadata.MetadataDatabaseHarness;

class MapdbDatabaseConformanceTest extends MetadataDatabaseConformance {
  @Override
  protected MetadataDatabaseHarness harness() {
    return root -> MapdbDatabase.open(root, MapdbConfig.DEFAULT);
  }
}
