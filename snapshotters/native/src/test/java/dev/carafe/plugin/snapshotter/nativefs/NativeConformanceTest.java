package dev.carafe.plugin.snapshotter.nativefs;

import dev.carafe.plugin.snapshotter.support.DirectorySnapshotter;
import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.testkit.TestMounter;
import dev.carafe.testkit.snapshots.SnapshotterConformance;
import dev.carafe.testkit.snapshots.SnapshotterHarness;
import java.nio.file.Path;

class NativeConformanceTest extends SnapshotterConformance {
  @Override
  protected SnapshotterHarness harness() {
    return new SnapshotterHarness() {
      @Override
      public Snapshotter open(Path root) {
        return DirectorySnapshotter.open(root, new NativeFiles());
      }

      @Override
      public TestMounter mounter() {
        return TestMounter.available();
      }
    };
  }
}
