package dev.carafe.plugin.snapshotter.overlayfs;

import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.testkit.TestMounter;
import dev.carafe.testkit.snapshots.SnapshotterConformance;
import dev.carafe.testkit.snapshots.SnapshotterHarness;
import java.nio.file.Path;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

@EnabledIfSystemProperty(named = "user.name", matches = "root", disabledReason = "mounts")
class OverlayfsConformanceTest extends SnapshotterConformance {
  @Override
  protected SnapshotterHarness harness() {
    return new Harness(OverlayfsConfig.DEFAULT);
  }

  record Harness(OverlayfsConfig config) implements SnapshotterHarness {
    @Override
    public Snapshotter open(Path root) {
      return OverlayfsFactory.open(root, config);
    }

    @Override
    public TestMounter mounter() {
      return TestMounter.kernel();
    }
  }
}
