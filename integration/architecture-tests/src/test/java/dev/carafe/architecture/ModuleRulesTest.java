package dev.carafe.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class ModuleRulesTest {
  /** What a plugin may see besides itself. */
  private static final Set<String> PLUGIN =
      Set.of("core/spi", "core/linux", "core/oci", "snapshotters/support");

  /**
   * Which modules a module may see. A plugin that is not named here may see {@link #PLUGIN}; only
   * the daemon, which puts everything together, sees all.
   */
  private static final Map<String, Set<String>> MAY_SEE =
      Map.ofEntries(
          Map.entry("api", Set.of()),
          Map.entry("core/spi", Set.of()),
          Map.entry("core/oci", Set.of("core/spi")),
          Map.entry("core/graph", Set.of()),
          Map.entry("core/linux", Set.of("core/spi")),
          Map.entry("core/host", Set.of("core/spi")),
          Map.entry("core/ttrpc", Set.of("api")),
          Map.entry("core/testkit", Set.of("core/spi", "core/linux")),
          Map.entry("core/testkit-check", Set.of("core/spi", "core/testkit", "core/host")),
          Map.entry("core/engine", Set.of("core/spi", "core/oci")),
          Map.entry("snapshotters/support", Set.of("core/spi", "core/linux")),
          Map.entry("plugins/proxy-support", Set.of("core/spi", "api")),
          Map.entry("plugins/sandbox-proxy", Set.of("core/spi", "api", "plugins/proxy-support")),
          Map.entry("snapshotters/proxy", Set.of("core/spi", "api", "plugins/proxy-support")),
          Map.entry("content-store/proxy", Set.of("core/spi", "api", "plugins/proxy-support")),
          Map.entry(
              "plugins/diff-proxy",
              Set.of("core/spi", "api", "plugins/proxy-support", "content-store/proxy")),
          Map.entry(
              "plugins/proxy-testing",
              Set.of(
                  "api",
                  "core/spi",
                  "core/engine",
                  "core/testkit",
                  "metadata/store",
                  "services/grpc",
                  "plugins/proxy-support")),
          Map.entry("metadata/mapdb", Set.of("core/spi")),
          Map.entry("metadata/store", Set.of("core/spi", "core/oci", "core/engine")),
          Map.entry("plugins/gc-scheduler", Set.of("core/spi", "core/engine")),
          Map.entry("plugins/restart-monitor", Set.of("core/spi", "core/engine", "core/oci")),
          Map.entry("services/loopback", Set.of("core/spi")),
          Map.entry("services/telemetry", Set.of("core/spi", "core/engine", "services/loopback")),
          Map.entry(
              "services/debug",
              Set.of("core/spi", "core/engine", "core/oci", "core/graph", "services/loopback")),
          Map.entry("plugins/mount-manager", Set.of("core/spi", "core/engine", "core/linux")),
          Map.entry("plugins/cri-streaming", Set.of("core/spi")),
          Map.entry(
              "plugins/nri", Set.of("core/spi", "core/linux", "core/oci", "core/ttrpc", "api")),
          // One jar, made as an outsider would.
          Map.entry("plugins/runtime-wasm", Set.of("core/spi")),
          Map.entry("plugins/runtime-shim", Set.of("core/spi", "core/linux", "core/ttrpc", "api")),
          Map.entry(
              "services/grpc", Set.of("core/spi", "core/oci", "core/engine", "core/ttrpc", "api")),
          Map.entry(
              "services/cri",
              Set.of(
                  "core/spi",
                  "core/oci",
                  "core/engine",
                  "core/linux",
                  "services/grpc",
                  "plugins/cni",
                  "plugins/cri-streaming",
                  "api")),
          Map.entry("integration/bench", Set.of("api")),
          Map.entry("ctr-cli", Set.of("api", "core/spi", "core/oci", "core/linux", "core/graph")));

  private static final String DAEMON = "services/daemon";

  @Test
  void modulesSeeOnlyWhatTheyMay() {
    Map<String, Set<String>> trespasses = new TreeMap<>();
    for (JavaClass type : Modules.CLASSES) {
      String module = Modules.of(type);
      if (module == null || module.equals(DAEMON)) {
        continue;
      }
      for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
        String target = Modules.of(dependency.getTargetClass());
        if (target != null
            && !target.equals(module)
            && !MAY_SEE.getOrDefault(module, PLUGIN).contains(target)) {
          trespasses
              .computeIfAbsent(module + " sees " + target, key -> new TreeSet<>())
              .add(type.getName() + " -> " + dependency.getTargetClass().getName());
        }
      }
    }
    assertEquals(Map.of(), trespasses);
  }

  @Test
  void theRulesNameModulesThatExist() {
    assertEquals(
        List.of(),
        MAY_SEE.keySet().stream().filter(name -> !Modules.NAMES.contains(name)).toList());
  }

  /** Without its classes a module's code would pass every rule. */
  @Test
  void everyModuleIsCompiled() {
    List<String> missing = new ArrayList<>();
    for (String module : Modules.NAMES) {
      if (Files.isDirectory(Modules.sources(module))
          && !Files.isDirectory(Modules.classes(module))) {
        missing.add(module);
      }
    }
    assertEquals(List.of(), missing);
  }
}
