package com.example.hardlink;

import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.testkit.TestContext;
import dev.carafe.testkit.TestMounter;
import dev.carafe.testkit.snapshots.SnapshotterConformance;
import dev.carafe.testkit.snapshots.SnapshotterHarness;
import java.nio.file.Path;

class HardlinkConformanceTest extends SnapshotterConformance {
  @Override
  protected SnapshotterHarness harness() {
    return new SnapshotterHarness() {
      @Override
      public Snapshotter open(Path root) {
        return TestContext.open(new HardlinkFactory(), root, new HardlinkFactory.Config(1));
      }

      @Override
      public TestMounter mounter() {
        return TestMounter.available();
      }
    };
  }
}
