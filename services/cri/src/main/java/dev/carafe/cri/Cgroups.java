package dev.carafe.cri;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Where the cgroups of containers are. The last component always holds the container's id, which is
 * how cAdvisor finds it.
 *
 * @param systemd whether systemd makes them for a runtime handler: then a path is SLICE:PREFIX:ID
 */
record Cgroups(Predicate<String> systemd) {
  static final boolean UNIFIED = Files.exists(Path.of("/sys/fs/cgroup/cgroup.controllers"));

  private static final Path TOP = Path.of("/sys/fs/cgroup");

  /** Whether swap can be limited; without it, a limit would be refused. */
  private static final boolean SWAP =
      UNIFIED
          ? Files.exists(TOP.resolve(own()).resolve("memory.swap.max"))
          : Files.exists(TOP.resolve("memory/memory.memsw.limit_in_bytes"));

  private static final boolean HUGE_PAGES =
      UNIFIED ? controllers().contains("hugetlb") : Files.exists(TOP.resolve("hugetlb"));

  private static final String PREFIX = "cri-containerd";

  private static String own() {
    return read(Path.of("/proc/self/cgroup"))
        .lines()
        .filter(line -> line.startsWith("0::/"))
        .map(line -> line.substring("0::/".length()))
        .findFirst()
        .orElse("");
  }

  private static String controllers() {
    return read(TOP.resolve("cgroup.controllers"));
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return "";
    }
  }

  /**
   * Limits without those that this machine has no controller for, as containerd leaves them out.
   */
  static Map<String, Object> possible(Map<String, Object> resources) {
    return possible(resources, SWAP, HUGE_PAGES);
  }

  static Map<String, Object> possible(
      Map<String, Object> resources, boolean swap, boolean hugePages) {
    Map<String, Object> possible = new LinkedHashMap<>(resources);
    if (!swap && resources.get("memory") instanceof Map<?, ?> memory) {
      Map<Object, Object> without = new LinkedHashMap<>(memory);
      without.remove("swap");
      possible.put("memory", without);
    }
    if (!hugePages) {
      possible.remove("hugepageLimits");
    }
    return possible;
  }

  String path(Pod pod, String id) {
    String parent = pod.config().getLinux().getCgroupParent();
    if (systemd.test(pod.handler())) {
      String slice = parent.substring(parent.lastIndexOf('/') + 1);
      return (slice.isEmpty() ? "system.slice" : slice) + ":" + PREFIX + ":" + id;
    }
    String above = parent.isEmpty() ? "/" + Records.NAMESPACE.name() : parent;
    return above + (above.endsWith("/") ? "" : "/") + id;
  }
}
