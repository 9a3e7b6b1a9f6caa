package dev.carafe.metadata;

import dev.carafe.testkit.snapshots.MemorySnapshotter;
import dev.carafe.testkit.snapshots.SnapshotterConformance;
import dev.carafe.testkit.snapshots.SnapshotterHarness;
import java.util.Map;

/** The decorator over a snapshotter that can do nothing beyond the contract. */
class PlainSnapshotterConformanceTest extends SnapshotterConformance {
  @Override
  protected SnapshotterHarness harness() {
    return root -> {
      World world = new World(root);
      return world
          .open(world.database, world.content, Map.of("plain", new MemorySnapshotter(root)))
          .stores(World.NAMESPACE)
          .snapshotter("plain");
    };
  }
}
