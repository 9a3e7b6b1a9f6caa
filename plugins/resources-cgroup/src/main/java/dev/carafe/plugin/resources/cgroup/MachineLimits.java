package dev.carafe.plugin.resources.cgroup;

import dev.carafe.plugin.resources.cgroup.CgroupMounts.CgroupMount;
import dev.carafe.spi.resources.PossibleLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Looks what this machine can limit. */
final class MachineLimits {
  private MachineLimits() {}

  static PossibleLimits of(CgroupMounts mounts) {
    CgroupMount unified = mounts.unified();
    return mounts.isUnified() && unified != null ? version2(unified) : version1(mounts);
  }

  /** The top has no limits: whether swap has one is seen in the daemon's own group. */
  private static PossibleLimits version2(CgroupMount mount) {
    String controllers = CgroupFiles.read(mount.point().resolve("cgroup.controllers"));
    Path own = null;
    try {
      String group = CgroupMounts.membership(Path.of("/proc/self/cgroup")).get("");
      own = group == null ? null : mount.directory(group);
    } catch (IOException _) {
      // Not seen.
    }
    return new PossibleLimits(
        true,
        own != null && Files.exists(own.resolve("memory.swap.max")),
        Arrays.asList(controllers.trim().split(" ")).contains("hugetlb"));
  }

  private static PossibleLimits version1(CgroupMounts mounts) {
    CgroupMount memory = mounts.byController().get("memory");
    return new PossibleLimits(
        false,
        memory != null && Files.exists(memory.point().resolve("memory.memsw.limit_in_bytes")),
        mounts.byController().containsKey("hugetlb"));
  }
}
