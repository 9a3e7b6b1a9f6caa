package dev.carafe.testkit.snapshots;

import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.testkit.TestMounter;
import java.nio.file.Path;

/** What a suite needs to know about the snapshotter under test. */
@FunctionalInterface
public interface SnapshotterHarness {
  /**
   * Opens the snapshotter over {@code root}, an empty directory at first. Called again on the same
   * root to simulate a restart, with the old instance closed (if it is {@link AutoCloseable}) or,
   * as after a crash, not. The suite closes every instance in the end.
   */
  Snapshotter open(Path root);

  /** How to look into a snapshot. */
  default TestMounter mounter() {
    return TestMounter.direct();
  }
}
