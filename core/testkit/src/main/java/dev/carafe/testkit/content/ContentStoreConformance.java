package dev.carafe.testkit.content;

import dev.carafe.testkit.LeakCheck;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The contract of {@link dev.carafe.spi.content.ContentStore} as tests. Subclass it and say how to
 * open yours:
 *
 * {@snippet :
 * class S3ContentStoreConformanceTest extends ContentStoreConformance {
 *   @Override
 *   protected ContentStoreHarness harness() {
 *     return root -> new S3ContentStore(root);
 *   }
 * }
 * }
 *
 * <p>Every check has an id ({@code CONT-WRIT-01}) that is never used for another. A test fails,
 * whatever it checks, if the store leaves an open file or a thread behind ({@link LeakCheck}).
 */
@ExtendWith(LeakCheck.class)
public abstract class ContentStoreConformance {
  /** How to open the store under test. */
  protected abstract ContentStoreHarness harness();

  @Nested
  @DisplayName("WRIT")
  class Writing extends ContentWriteChecks {
    Writing() {
      super(ContentStoreConformance.this);
    }
  }

  @Nested
  @DisplayName("READ")
  class Reading extends ContentReadChecks {
    Reading() {
      super(ContentStoreConformance.this);
    }
  }

  @Nested
  @DisplayName("INGE")
  class Ingests extends IngestChecks {
    Ingests() {
      super(ContentStoreConformance.this);
    }
  }

  @Nested
  @DisplayName("INFO")
  class Info extends ContentInfoChecks {
    Info() {
      super(ContentStoreConformance.this);
    }
  }

  @Nested
  @DisplayName("CONC")
  class Concurrency extends ContentConcurrencyChecks {
    Concurrency() {
      super(ContentStoreConformance.this);
    }
  }

  @Nested
  @DisplayName("RECO")
  class Recovery extends ContentRecoveryChecks {
    Recovery() {
      super(ContentStoreConformance.this);
    }
  }

  @Nested
  @DisplayName("FAIL")
  class Failures extends ContentFailureChecks {
    Failures() {
      super(ContentStoreConformance.this);
    }
  }
}
