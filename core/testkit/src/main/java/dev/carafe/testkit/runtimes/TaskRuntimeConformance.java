package dev.carafe.testkit.runtimes;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;

/**
 * The contract of a task runtime as checks, one nested class per area; ids ({@code RT-...}) stay.
 * Subclass it and say how the runtime is opened. Each check fails if it leaves a mount, a cgroup, a
 * process or a descriptor behind.
 */
public abstract class TaskRuntimeConformance {
  /** The runtime under test. */
  protected abstract TaskRuntimeHarness harness();

  @Nested
  @DisplayName("LIFE")
  class Lifecycle extends RuntimeLifecycleChecks {
    Lifecycle() {
      super(TaskRuntimeConformance.this.harness());
    }
  }

  @Nested
  @DisplayName("IO")
  class Stdio extends RuntimeStdioChecks {
    Stdio() {
      super(TaskRuntimeConformance.this.harness());
    }
  }

  @Nested
  @DisplayName("TTY")
  class Terminal extends RuntimeTerminalChecks {
    Terminal() {
      super(TaskRuntimeConformance.this.harness());
    }
  }

  @Nested
  @DisplayName("EXEC")
  class Exec extends RuntimeExecChecks {
    Exec() {
      super(TaskRuntimeConformance.this.harness());
    }
  }

  @Nested
  @DisplayName("PORT")
  class Ports extends RuntimePortChecks {
    Ports() {
      super(TaskRuntimeConformance.this.harness());
    }
  }

  @Nested
  @DisplayName("SIG")
  class Signal extends RuntimeSignalChecks {
    Signal() {
      super(TaskRuntimeConformance.this.harness());
    }
  }

  @Nested
  @DisplayName("LIM")
  class Limits extends RuntimeLimitsChecks {
    Limits() {
      super(TaskRuntimeConformance.this.harness());
    }
  }

  @Nested
  @DisplayName("RECO")
  class Recovery extends RuntimeRecoveryChecks {
    Recovery() {
      super(TaskRuntimeConformance.this.harness());
    }
  }
}
