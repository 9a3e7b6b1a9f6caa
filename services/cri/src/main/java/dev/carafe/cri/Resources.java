package dev.carafe.cri;

import dev.carafe.api.cri.v1.HugepageLimit;
import dev.carafe.api.cri.v1.LinuxContainerResources;
import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import dev.carafe.spi.resources.PossibleLimits;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** CRI's limits as the OCI runtime specification's {@code linux.resources}. */
final class Resources {
  private Resources() {}

  static Map<String, Object> of(LinuxContainerResources limits) {
    Map<String, Object> resources = new LinkedHashMap<>();
    Map<String, Object> cpu = new LinkedHashMap<>();
    number(cpu, "period", limits.getCpuPeriod());
    number(cpu, "quota", limits.getCpuQuota());
    number(cpu, "shares", limits.getCpuShares());
    text(cpu, "cpus", limits.getCpusetCpus());
    text(cpu, "mems", limits.getCpusetMems());
    if (!cpu.isEmpty()) {
      resources.put("cpu", cpu);
    }
    Map<String, Object> memory = new LinkedHashMap<>();
    number(memory, "limit", limits.getMemoryLimitInBytes());
    number(memory, "swap", limits.getMemorySwapLimitInBytes());
    if (!memory.isEmpty()) {
      resources.put("memory", memory);
    }
    List<Map<String, Object>> huge = new ArrayList<>();
    for (HugepageLimit limit : limits.getHugepageLimitsList()) {
      huge.add(Map.of("pageSize", limit.getPageSize(), "limit", limit.getLimit()));
    }
    if (!huge.isEmpty()) {
      resources.put("hugepageLimits", huge);
    }
    if (limits.getUnifiedCount() > 0) {
      resources.put("unified", limits.getUnifiedMap());
    }
    return resources;
  }

  /**
   * Limits without those that this machine has no controller for, as containerd leaves them out.
   */
  static Map<String, Object> possible(Map<String, Object> resources, PossibleLimits machine) {
    Map<String, Object> possible = new LinkedHashMap<>(resources);
    if (!machine.swap() && resources.get("memory") instanceof Map<?, ?> memory) {
      Map<Object, Object> without = new LinkedHashMap<>(memory);
      without.remove("swap");
      possible.put("memory", without);
    }
    if (!machine.hugePages()) {
      possible.remove("hugepageLimits");
    }
    return possible;
  }

  private static void number(Map<String, Object> group, String name, long value) {
    if (value != 0) {
      group.put(name, value);
    }
  }

  private static void text(Map<String, Object> group, String name, String value) {
    if (!value.isEmpty()) {
      group.put(name, value);
    }
  }

  /**
   * A specification with other limits.
   *
   * @param change {@code linux.resources} in JSON; what it does not name stays
   */
  static byte[] into(byte[] spec, byte[] change) {
    JsonObject whole = Json.object("specification", spec);
    Map<String, Object> linux = new LinkedHashMap<>(whole.object("linux").members());
    Map<String, Object> limits =
        new LinkedHashMap<>(whole.object("linux").object("resources").members());
    Json.object("limits", change)
        .members()
        .forEach((name, value) -> limits.merge(name, value, Resources::over));
    linux.put("resources", limits);
    Map<String, Object> changed = new LinkedHashMap<>(whole.members());
    changed.put("linux", linux);
    return Json.bytes(changed);
  }

  private static Object over(Object present, Object change) {
    if (present instanceof Map<?, ?> group && change instanceof Map<?, ?> next) {
      Map<Object, Object> merged = new LinkedHashMap<>(group);
      merged.putAll(next);
      return merged;
    }
    return change;
  }

  /** Limits with what a change sets; what it leaves at nothing stays. */
  static LinuxContainerResources merge(
      LinuxContainerResources present, LinuxContainerResources change) {
    LinuxContainerResources.Builder next = present.toBuilder();
    if (change.getCpuPeriod() != 0) {
      next.setCpuPeriod(change.getCpuPeriod());
    }
    if (change.getCpuQuota() != 0) {
      next.setCpuQuota(change.getCpuQuota());
    }
    if (change.getCpuShares() != 0) {
      next.setCpuShares(change.getCpuShares());
    }
    if (change.getMemoryLimitInBytes() != 0) {
      next.setMemoryLimitInBytes(change.getMemoryLimitInBytes());
    }
    if (change.getMemorySwapLimitInBytes() != 0) {
      next.setMemorySwapLimitInBytes(change.getMemorySwapLimitInBytes());
    }
    if (!change.getCpusetCpus().isEmpty()) {
      next.setCpusetCpus(change.getCpusetCpus());
    }
    if (!change.getCpusetMems().isEmpty()) {
      next.setCpusetMems(change.getCpusetMems());
    }
    if (change.getOomScoreAdj() != 0) {
      next.setOomScoreAdj(change.getOomScoreAdj());
    }
    return next.putAllUnified(change.getUnifiedMap()).build();
  }
}
