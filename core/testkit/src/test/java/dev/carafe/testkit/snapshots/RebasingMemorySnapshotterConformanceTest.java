package dev.carafe.testkit.snapshots;

class RebasingMemorySnapshotterConformanceTest extends SnapshotterConformance {
  @Override
  protected SnapshotterHarness harness() {
    return MemorySnapshotter::rebasing;
  }
}
