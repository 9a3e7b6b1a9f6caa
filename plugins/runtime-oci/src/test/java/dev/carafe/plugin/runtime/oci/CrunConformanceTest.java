package dev.carafe.plugin.runtime.oci;

import dev.carafe.spi.runtimes.TaskRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;

/**
 * The whole conformance suite on crun. Older versions of crun refuse a machine whose cgroup version
 * 1 hierarchies have an empty version 2 one beside them; there it runs where that one is not
 * mounted.
 */
class CrunConformanceTest {
  private static final RuntimeHarness HARNESS = CrunConformanceTest::open;
  private static final Path HYBRID = Path.of("/sys/fs/cgroup/unified");

  @BeforeAll
  static void crunIsInstalled() {
    Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/bin/crun")), "crun is not installed");
  }

  private static TaskRuntime open(Path state) throws IOException {
    String binary =
        Files.isDirectory(HYBRID) && Files.isDirectory(state.getParent())
            ? wrapper(state).toString()
            : "/usr/bin/crun";
    return new OciRuntime(Configs.with(binary, Duration.ofSeconds(2)), state);
  }

  private static Path wrapper(Path state) throws IOException {
    Path script = state.resolveSibling("crun");
    Files.writeString(
        script,
        """
        #!/bin/sh
        exec unshare --mount sh -c 'umount %s; exec /usr/bin/crun "$@"' crun "$@"
        """
            .formatted(HYBRID));
    PrivateFiles.permissions(script, "rwx------");
    return script;
  }

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
