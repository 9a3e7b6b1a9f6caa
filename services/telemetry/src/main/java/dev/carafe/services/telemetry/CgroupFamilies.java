package dev.carafe.services.telemetry;

import dev.carafe.services.telemetry.ContainerMetrics.Task;
import dev.carafe.spi.runtimes.TaskMetrics;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Names of cgroup figures as containerd's dashboards know them: {@code container_NAME_UNIT} with
 * the labels {@code container_id} and {@code namespace}; all of them gauges. The values are found
 * by the field names of {@code io.containerd.cgroups.v1} and {@code v2}.
 */
final class CgroupFamilies {
  /**
   * A figure.
   *
   * @param name without {@code container_}
   * @param help says what it is
   * @param path field names, dots between
   */
  private record Family(String kind, String name, String help, String path) {}

  /** A list of entries, each with labels of its own. */
  private record Listed(
      String kind,
      String name,
      String help,
      String path,
      String value,
      Map<String, String> labels) {}

  private static final String V1 = TaskMetrics.CGROUPS_V1;
  private static final String V2 = TaskMetrics.CGROUPS_V2;

  /** What containerd calls a field, where it spells it otherwise than the message. */
  private static final Map<String, String> SPELLING =
      Map.of(
          "pg_pg_in", "pgpgin",
          "pg_pg_out", "pgpgout",
          "pg_fault", "pgfault",
          "pg_maj_fault", "pgmajfault",
          "hierarchical_swap_limit", "hierarchical_memsw_limit");

  private static final List<Family> FAMILIES = families();
  private static final List<Listed> LISTED = listed();

  private CgroupFamilies() {}

  private static List<Family> families() {
    List<Family> all = new ArrayList<>();
    cpu(all);
    memoryV1(all);
    memoryV2(all);
    for (String kind : List.of(V1, V2)) {
      all.add(new Family(kind, "pids_limit", "most processes", "pids.limit"));
      all.add(new Family(kind, "pids_current", "processes now", "pids.current"));
    }
    return List.copyOf(all);
  }

  private static void cpu(List<Family> all) {
    all.add(new Family(V1, "cpu_total_nanoseconds", "CPU time", "cpu.usage.total"));
    all.add(new Family(V1, "cpu_kernel_nanoseconds", "in the kernel", "cpu.usage.kernel"));
    all.add(new Family(V1, "cpu_user_nanoseconds", "in user space", "cpu.usage.user"));
    String throttling = "cpu.throttling.";
    all.add(new Family(V1, "cpu_throttle_periods_total", "CFS periods", throttling + "periods"));
    all.add(
        new Family(
            V1,
            "cpu_throttled_periods_total",
            "CFS periods with throttling",
            throttling + "throttled_periods"));
    all.add(
        new Family(
            V1, "cpu_throttled_time_nanoseconds", "throttled", throttling + "throttled_time"));
    for (String name : List.of("usage_usec", "user_usec", "system_usec", "throttled_usec")) {
      all.add(new Family(V2, "cpu_" + name + "_microseconds", "CPU time", "cpu." + name));
    }
    for (String name : List.of("nr_periods", "nr_throttled")) {
      all.add(new Family(V2, "cpu_" + name + "_total", "CFS periods", "cpu." + name));
    }
  }

  private static void memoryV1(List<Family> all) {
    List<String> own =
        List.of(
            "cache",
            "rss",
            "rss_huge",
            "mapped_file",
            "dirty",
            "writeback",
            "pg_pg_in",
            "pg_pg_out",
            "pg_fault",
            "pg_maj_fault",
            "inactive_anon",
            "active_anon",
            "inactive_file",
            "active_file",
            "unevictable");
    for (String prefix : List.of("", "total_")) {
      for (String field : own) {
        String name = prefix + SPELLING.getOrDefault(field, field);
        all.add(
            new Family(
                V1,
                "memory_" + name + "_bytes",
                "memory.stat: " + name,
                "memory." + prefix + field));
      }
    }
    for (String field : List.of("hierarchical_memory_limit", "hierarchical_swap_limit")) {
      String name = SPELLING.getOrDefault(field, field);
      all.add(
          new Family(V1, "memory_" + name + "_bytes", "memory.stat: " + name, "memory." + field));
    }
    Map<String, String> parts = new LinkedHashMap<>();
    parts.put("usage", "usage");
    parts.put("swap", "swap");
    parts.put("kernel", "kernel");
    parts.put("kernel_tcp", "kerneltcp");
    parts.forEach((field, name) -> {
      String path = "memory." + field + ".";
      all.add(
          new Family(V1, "memory_" + name + "_failcnt_total", "refused charges", path + "failcnt"));
      for (String value : List.of("limit", "max", "usage")) {
        all.add(
            new Family(
                V1, "memory_" + name + "_" + value + "_bytes", name + " memory", path + value));
      }
    });
    all.add(
        new Family(V1, "memory_oom_total", "out of memory kills", "memory_oom_control.oom_kill"));
  }

  private static void memoryV2(List<Family> all) {
    for (String name :
        List.of(
            "usage",
            "usage_limit",
            "swap_usage",
            "swap_limit",
            "file_mapped",
            "file_dirty",
            "file_writeback",
            "pgactivate",
            "pgdeactivate",
            "pgfault",
            "pgmajfault",
            "pglazyfree",
            "pgrefill",
            "pglazyfreed",
            "pgscan",
            "pgsteal",
            "inactive_anon",
            "active_anon",
            "inactive_file",
            "active_file",
            "unevictable",
            "anon",
            "file",
            "kernel_stack",
            "slab",
            "sock",
            "shmem",
            "anon_thp",
            "slab_reclaimable",
            "slab_unreclaimable",
            "workingset_refault",
            "workingset_activate",
            "workingset_nodereclaim",
            "thp_fault_alloc",
            "thp_collapse_alloc")) {
      all.add(new Family(V2, "memory_" + name + "_bytes", "memory: " + name, "memory." + name));
    }
    all.add(new Family(V2, "memory_oom_total", "out of memory events", "memory_events.oom"));
  }

  private static List<Listed> listed() {
    List<Listed> all = new ArrayList<>();
    Map<String, String> devices = Map.of("major", "major", "minor", "minor");
    for (String name : List.of("rbytes", "wbytes")) {
      all.add(
          new Listed(V2, "io_" + name + "_bytes", "bytes by device", "io.usage", name, devices));
    }
    for (String name : List.of("rios", "wios")) {
      all.add(
          new Listed(
              V2, "io_" + name + "_total", "operations by device", "io.usage", name, devices));
    }
    Map<String, String> operations =
        Map.of("op", "op", "device", "device", "major", "major", "minor", "minor");
    Map<String, String> units = new LinkedHashMap<>();
    units.put("io_merged_recursive", "total");
    units.put("io_queued_recursive", "total");
    units.put("io_service_bytes_recursive", "bytes");
    units.put("io_service_time_recursive", "total");
    units.put("io_serviced_recursive", "total");
    units.put("io_time_recursive", "total");
    units.put("sectors_recursive", "total");
    units.forEach((name, unit) ->
        all.add(
            new Listed(
                V1,
                "blkio_" + name + "_" + unit,
                "block devices: " + name,
                "blkio." + name,
                "value",
                operations)));
    Map<String, String> pages = Map.of("page", "pagesize");
    all.add(new Listed(V1, "hugetlb_usage_bytes", "huge pages", "hugetlb", "usage", pages));
    all.add(new Listed(V1, "hugetlb_failcnt_total", "huge pages", "hugetlb", "failcnt", pages));
    all.add(new Listed(V1, "hugetlb_max_bytes", "huge pages", "hugetlb", "max", pages));
    return List.copyOf(all);
  }

  static void write(List<Task> tasks, TextFormat out) {
    for (Family family : FAMILIES) {
      boolean begun = false;
      for (Task task : tasks) {
        if (task.metrics().kind().equals(family.kind)
            && find(task.metrics().values(), family.path) instanceof Number value) {
          begun = begin(out, begun, family.name, family.help);
          out.sample(unsigned(value), "container_id", task.id(), "namespace", task.namespace());
        }
      }
    }
    for (Listed family : LISTED) {
      boolean begun = false;
      for (Task task : tasks) {
        if (task.metrics().kind().equals(family.kind)
            && find(task.metrics().values(), family.path) instanceof List<?> entries) {
          for (Object entry : entries) {
            if (entry instanceof Map<?, ?> fields && fields.get(family.value) instanceof Number n) {
              begun = begin(out, begun, family.name, family.help);
              out.sample(unsigned(n), labels(family, task, fields));
            }
          }
        }
      }
    }
    perCpu(tasks, out);
  }

  private static void perCpu(List<Task> tasks, TextFormat out) {
    boolean begun = false;
    for (Task task : tasks) {
      if (task.metrics().kind().equals(V1)
          && find(task.metrics().values(), "cpu.usage.per_cpu") instanceof List<?> each) {
        for (int i = 0; i < each.size(); i++) {
          if (each.get(i) instanceof Number value) {
            begun = begin(out, begun, "per_cpu_nanoseconds", "CPU time by processor");
            out.sample(
                unsigned(value),
                "container_id",
                task.id(),
                "namespace",
                task.namespace(),
                "cpu",
                Integer.toString(i));
          }
        }
      }
    }
  }

  private static boolean begin(TextFormat out, boolean begun, String name, String help) {
    if (!begun) {
      out.family("container_" + name, help, "gauge");
    }
    return true;
  }

  private static String[] labels(Listed family, Task task, Map<?, ?> fields) {
    List<String> labels = new ArrayList<>();
    labels.addAll(List.of("container_id", task.id(), "namespace", task.namespace()));
    family.labels.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(label -> {
          labels.add(label.getKey());
          Object value = fields.get(label.getValue());
          labels.add(value == null ? "" : value.toString());
        });
    return labels.toArray(String[]::new);
  }

  private static Object find(Map<?, ?> values, String path) {
    Object found = values;
    for (String field : path.split("\\.")) {
      found = found instanceof Map<?, ?> map && map.get(field) != null ? map.get(field) : "";
    }
    return found;
  }

  /** The wire's numbers have no sign. */
  private static double unsigned(Number number) {
    long value = number.longValue();
    return value >= 0 || !(number instanceof Long)
        ? number.doubleValue()
        : (value >>> 1) * 2.0 + (value & 1);
  }
}
