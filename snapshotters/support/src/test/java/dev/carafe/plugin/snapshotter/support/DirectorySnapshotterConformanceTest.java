package dev.carafe.plugin.snapshotter.support;

import dev.carafe.testkit.snapshots.SnapshotterConformance;
import dev.carafe.testkit.snapshots.SnapshotterHarness;

class DirectorySnapshotterConformanceTest extends SnapshotterConformance {
  @Override
  protected SnapshotterHarness harness() {
    return root -> DirectorySnapshotter.open(root, new PlainFiles());
  }
}
