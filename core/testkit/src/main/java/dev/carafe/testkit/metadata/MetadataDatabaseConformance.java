package dev.carafe.testkit.metadata;

import dev.carafe.testkit.LeakCheck;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The contract of {@link dev.carafe.spi.metadata.MetadataDatabase} as tests. Subclass it and say
 * how to open yours:
 *
 * {@snippet :
 * class SqlDatabaseConformanceTest extends MetadataDatabaseConformance {
 *   @Override
 *   protected MetadataDatabaseHarness harness() {
 *     return root -> new SqlDatabase(root);
 *   }
 * }
 * }
 *
 * <p>Every check has an id ({@code META-TREE-01}) that is never used for another. A test fails,
 * whatever it checks, if the database leaves an open file or a thread behind ({@link LeakCheck}).
 */
@ExtendWith(LeakCheck.class)
public abstract class MetadataDatabaseConformance {
  /** How to open the database under test. */
  protected abstract MetadataDatabaseHarness harness();

  @Nested
  @DisplayName("TREE")
  class Tree extends DatabaseTreeChecks {
    Tree() {
      super(MetadataDatabaseConformance.this);
    }
  }

  @Nested
  @DisplayName("WALK")
  class Walks extends DatabaseWalkChecks {
    Walks() {
      super(MetadataDatabaseConformance.this);
    }
  }

  @Nested
  @DisplayName("TRAN")
  class Transactions extends DatabaseTransactionChecks {
    Transactions() {
      super(MetadataDatabaseConformance.this);
    }
  }

  @Nested
  @DisplayName("CONC")
  class Concurrency extends DatabaseConcurrencyChecks {
    Concurrency() {
      super(MetadataDatabaseConformance.this);
    }
  }

  @Nested
  @DisplayName("RECO")
  class Recovery extends DatabaseRecoveryChecks {
    Recovery() {
      super(MetadataDatabaseConformance.this);
    }
  }

  @Nested
  @DisplayName("FAIL")
  class Failures extends DatabaseFailureChecks {
    Failures() {
      super(MetadataDatabaseConformance.this);
    }
  }
}
