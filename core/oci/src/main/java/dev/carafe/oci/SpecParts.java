package dev.carafe.oci;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Parts of a {@link RuntimeSpec} that depend on nothing else in it. */
final class SpecParts {
  /** Paths that are hidden: what they say helps an attacker (GHSA-7ww5-4wqc-m92c). */
  static final List<String> MASKED =
      List.of(
          "/proc/acpi",
          "/proc/asound",
          "/proc/interrupts",
          "/proc/kcore",
          "/proc/keys",
          "/proc/latency_stats",
          "/proc/timer_list",
          "/proc/timer_stats",
          "/proc/sched_debug",
          "/proc/scsi",
          "/sys/firmware",
          "/sys/devices/virtual/powercap");

  static final List<String> READ_ONLY =
      List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

  private SpecParts() {}

  static List<Map<String, Object>> writable(List<Map<String, Object>> mounts) {
    List<Map<String, Object>> writable = new ArrayList<>();
    for (Map<String, Object> mount : mounts) {
      Map<String, Object> copy = new LinkedHashMap<>(mount);
      if ("sysfs".equals(mount.get("type"))) {
        copy.put("options", List.of("nosuid", "noexec", "nodev", "rw"));
      }
      writable.add(copy);
    }
    return writable;
  }

  static Map<String, Object> node(Device device) {
    Map<String, Object> node = new LinkedHashMap<>();
    node.put("path", device.path());
    node.put("type", device.type());
    node.put("major", device.major());
    node.put("minor", device.minor());
    node.put("fileMode", device.mode());
    node.put("uid", device.uid());
    node.put("gid", device.gid());
    return node;
  }
}
