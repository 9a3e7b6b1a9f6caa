package dev.carafe.testkit.snapshots;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.snapshots.Capability;
import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.Snapshot;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.testkit.SuiteRun;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** One fault fails the checks that are about it, and no other. */
class SnapshotterConformanceFindsFaultsTest {
  @Test
  void rightOneFailsNothing() {
    SuiteRun run = SuiteRun.of(Right.class);
    assertEquals(Set.of(), run.failed());
    assertTrue(run.tests() > 60, () -> run.tests() + " tests");
  }

  @Test
  void falsePromiseToSurviveIsFound() {
    assertEquals(
        Set.of("SNAP-RECO-01", "SNAP-RECO-02", "SNAP-RECO-03"),
        SuiteRun.of(SurvivesNothing.class).failed());
  }

  @Test
  void inheritedLabelsAreFound() {
    assertEquals(Set.of("SNAP-INFO-02"), SuiteRun.of(InheritsLabels.class).failed());
  }

  @Test
  void writableViewIsFound() {
    assertEquals(Set.of("SNAP-TREE-16"), SuiteRun.of(WritableViews.class).failed());
  }

  @Test
  void missingParentIsFound() {
    assertEquals(Set.of("SNAP-FAIL-01"), SuiteRun.of(TakesAnyParent.class).failed());
  }

  @Test
  void unfoundedRebaseIsFound() {
    assertEquals(
        Set.of("SNAP-TREE-19", "SNAP-TREE-20", "SNAP-FAIL-08"),
        SuiteRun.of(ClaimsRebase.class).failed());
  }

  @Test
  void forgottenUpdateIsFound() {
    assertEquals(
        Set.of("SNAP-INFO-04", "SNAP-CONC-06"), SuiteRun.of(ForgetsUpdates.class).failed());
  }

  static class Right extends SnapshotterConformance {
    Snapshotter make(Path root) {
      return new MemorySnapshotter(root);
    }

    @Override
    protected SnapshotterHarness harness() {
      return this::make;
    }
  }

  static class SurvivesNothing extends Right {
    @Override
    Snapshotter make(Path root) {
      return new ForwardingSnapshotter(new MemorySnapshotter(root)) {
        @Override
        public Set<Capability> capabilities() {
          return Set.of(Capability.SURVIVES_RESTART);
        }
      };
    }
  }

  static class InheritsLabels extends Right {
    @Override
    Snapshotter make(Path root) {
      return new ForwardingSnapshotter(new MemorySnapshotter(root)) {
        @Override
        public void commit(CommitRequest request) {
          Map<String, String> labels = new HashMap<>(right.stat(request.key()).labels());
          labels.putAll(request.labels());
          super.commit(new CommitRequest(request.key(), request.name(), request.parent(), labels));
        }
      };
    }
  }

  static class WritableViews extends Right {
    @Override
    Snapshotter make(Path root) {
      return new ForwardingSnapshotter(new MemorySnapshotter(root)) {
        @Override
        public List<Mount> view(
            SnapshotKey key, @Nullable SnapshotKey parent, Map<String, String> labels) {
          super.view(key, parent, labels);
          return mounts(key);
        }

        @Override
        public List<Mount> mounts(SnapshotKey key) {
          return super.mounts(key).stream()
              .map(mount -> new Mount(mount.type(), mount.source(), List.of("rw", "rbind")))
              .toList();
        }
      };
    }
  }

  static class TakesAnyParent extends Right {
    @Override
    Snapshotter make(Path root) {
      return new ForwardingSnapshotter(new MemorySnapshotter(root)) {
        @Override
        public List<Mount> prepare(
            SnapshotKey key, @Nullable SnapshotKey parent, Map<String, String> labels) {
          boolean unknown = parent != null && parent.value().equals("unknown");
          return super.prepare(key, unknown ? null : parent, labels);
        }
      };
    }
  }

  static class ClaimsRebase extends Right {
    @Override
    Snapshotter make(Path root) {
      return new ForwardingSnapshotter(new MemorySnapshotter(root)) {
        @Override
        public Set<Capability> capabilities() {
          return Set.of(Capability.REBASE);
        }
      };
    }
  }

  static class ForgetsUpdates extends Right {
    @Override
    Snapshotter make(Path root) {
      return new ForwardingSnapshotter(new MemorySnapshotter(root)) {
        @Override
        public Snapshot updateLabels(SnapshotKey key, UnaryOperator<Map<String, String>> change) {
          change.apply(stat(key).labels());
          return stat(key);
        }
      };
    }
  }
}
