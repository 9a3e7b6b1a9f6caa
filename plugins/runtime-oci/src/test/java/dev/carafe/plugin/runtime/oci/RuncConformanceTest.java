package dev.carafe.plugin.runtime.oci;

import java.time.Duration;
import org.junit.jupiter.api.Nested;

/** The whole conformance suite on runc. */
class RuncConformanceTest {
  private static final RuntimeHarness HARNESS =
      state -> new OciRuntime(Configs.with("runc", Duration.ofSeconds(2)), state);

  @Nested
  class Lifecycle extends LifecycleConformance {
    Lifecycle() {
      super(HARNESS);
    }
  }

  @Nested
  class StdioFlow extends StdioConformance {
    StdioFlow() {
      super(HARNESS);
    }
  }

  @Nested
  class Terminals extends TerminalConformance {
    Terminals() {
      super(HARNESS);
    }
  }

  @Nested
  class Execs extends ExecConformance {
    Execs() {
      super(HARNESS);
    }
  }

  @Nested
  class Signalling extends SignalConformance {
    Signalling() {
      super(HARNESS);
    }
  }

  @Nested
  class Limits extends LimitsConformance {
    Limits() {
      super(HARNESS);
    }
  }

  @Nested
  class Recovery extends RecoveryConformance {
    Recovery() {
      super(HARNESS);
    }
  }
}
