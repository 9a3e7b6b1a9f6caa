package dev.carafe.plugin.runtime.oci;

import dev.carafe.spi.resources.ResourceManager;
import dev.carafe.spi.runtimes.TaskRuntime;
import dev.carafe.testkit.runtimes.TaskRuntimeConformance;
import dev.carafe.testkit.runtimes.TaskRuntimeHarness;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;

/**
 * The whole conformance suite on crun. Older versions of crun refuse a machine whose cgroup version
 * 1 hierarchies have an empty version 2 one beside them; there it runs where that one is not
 * mounted.
 */
class CrunConformanceTest extends TaskRuntimeConformance {
  private static final Path HYBRID = Path.of("/sys/fs/cgroup/unified");

  @Override
  protected TaskRuntimeHarness harness() {
    Map<String, ResourceManager> resources = Configs.RESOURCES;
    return state -> open(state, resources);
  }

  @BeforeAll
  static void crunIsInstalled() {
    Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/bin/crun")), "crun is not installed");
  }

  private static TaskRuntime open(Path state, Map<String, ResourceManager> resources)
      throws IOException {
    String binary =
        Files.isDirectory(HYBRID) && Files.isDirectory(state.getParent())
            ? wrapper(state).toString()
            : "/usr/bin/crun";
    return new OciRuntime(Configs.with(binary, Duration.ofSeconds(2)), state, resources);
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
}
