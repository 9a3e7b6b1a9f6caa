package dev.carafe.testkit.snapshots;

class MemorySnapshotterConformanceTest extends SnapshotterConformance {
  @Override
  protected SnapshotterHarness harness() {
    return MemorySnapshotter::new;
  }
}
