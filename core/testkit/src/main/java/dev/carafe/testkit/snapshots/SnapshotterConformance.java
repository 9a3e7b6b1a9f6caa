package dev.carafe.testkit.snapshots;

import dev.carafe.testkit.LeakCheck;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The contract of {@link dev.carafe.spi.snapshots.Snapshotter} as tests. Subclass it and say how to
 * open yours:
 *
 * {@snippet :
 * class ZfsSnapshotterConformanceTest extends SnapshotterConformance {
 *   @Override
 *   protected SnapshotterHarness harness() {
 *     return root -> new ZfsSnapshotter(root);
 *   }
 * }
 * }
 *
 * <p>Every check has an id ({@code SNAP-LIFE-01}) that is never used for another. What the
 * snapshotter can do beyond the contract is read from {@code capabilities()} of the instance; what
 * it declines must be refused as documented. A test fails, whatever it checks, if it leaves a
 * mount, an open file or a thread behind ({@link LeakCheck}).
 */
@ExtendWith(LeakCheck.class)
public abstract class SnapshotterConformance {
  /** How to open the snapshotter under test. */
  protected abstract SnapshotterHarness harness();

  @Nested
  @DisplayName("LIFE")
  class Life extends SnapshotLifeChecks {
    Life() {
      super(SnapshotterConformance.this);
    }
  }

  @Nested
  @DisplayName("TREE")
  class Tree extends SnapshotTreeChecks {
    Tree() {
      super(SnapshotterConformance.this);
    }
  }

  @Nested
  @DisplayName("INFO")
  class Info extends SnapshotInfoChecks {
    Info() {
      super(SnapshotterConformance.this);
    }
  }

  @Nested
  @DisplayName("CONC")
  class Concurrency extends SnapshotConcurrencyChecks {
    Concurrency() {
      super(SnapshotterConformance.this);
    }
  }

  @Nested
  @DisplayName("RECO")
  class Recovery extends SnapshotRecoveryChecks {
    Recovery() {
      super(SnapshotterConformance.this);
    }
  }

  @Nested
  @DisplayName("FAIL")
  class Failures extends SnapshotFailureChecks {
    Failures() {
      super(SnapshotterConformance.this);
    }
  }
}
