package dev.carafe.plugin.resources.cgroup;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads {@code io.containerd.cgroups.v2.Metrics} from the files of a version 2 group. */
final class MetricsV2 {
  private static final List<String> CPU =
      List.of(
          "usage_usec",
          "user_usec",
          "system_usec",
          "nr_periods",
          "nr_throttled",
          "throttled_usec",
          "nr_bursts",
          "burst_usec");

  private static final List<String> MEMORY =
      List.of(
          "anon",
          "file",
          "kernel_stack",
          "slab",
          "sock",
          "shmem",
          "file_mapped",
          "file_dirty",
          "file_writeback",
          "anon_thp",
          "inactive_anon",
          "active_anon",
          "inactive_file",
          "active_file",
          "unevictable",
          "slab_reclaimable",
          "slab_unreclaimable",
          "pgfault",
          "pgmajfault",
          "pgrefill",
          "pgscan",
          "pgsteal",
          "pgactivate",
          "pgdeactivate",
          "pglazyfree",
          "pglazyfreed",
          "thp_fault_alloc",
          "thp_collapse_alloc");

  /** Since Linux 5.9 the kernel counts these twice, for anonymous memory and for files. */
  private static final List<String> MEMORY_SPLIT =
      List.of("workingset_refault", "workingset_activate");

  private static final List<String> EVENTS =
      List.of("low", "high", "max", "oom", "oom_kill", "oom_group_kill");

  private static final List<String> IO = List.of("rbytes", "wbytes", "rios", "wios");

  private MetricsV2() {}

  static Map<String, Object> read(Cgroup group) {
    var values = new HashMap<String, Object>();
    Path directory = group.directory("");
    if (directory == null) {
      return values;
    }
    if (CgroupFiles.exists(directory.resolve("pids.current"))) {
      values.put(
          "pids",
          Map.of(
              "current", CgroupFiles.number(directory.resolve("pids.current")),
              "limit", CgroupFiles.number(directory.resolve("pids.max"))));
    }
    values.put("cpu", cpu(directory));
    if (CgroupFiles.exists(directory.resolve("memory.stat"))) {
      values.put("memory", memory(directory));
      values.put(
          "memory_events", fields(CgroupFiles.table(directory.resolve("memory.events")), EVENTS));
    }
    if (CgroupFiles.exists(directory.resolve("io.stat"))) {
      values.put("io", io(directory));
    }
    Map<String, Object> rdma = Rdma.read(directory);
    if (rdma != null) {
      values.put("rdma", rdma);
    }
    List<Map<String, Object>> pages = HugePages.read(directory, MetricsV2::hugePage);
    if (!pages.isEmpty()) {
      values.put("hugetlb", pages);
    }
    return values;
  }

  private static Map<String, Object> fields(Map<String, Long> table, List<String> names) {
    var values = new HashMap<String, Object>();
    names.forEach(name -> values.put(name, table.getOrDefault(name, 0L)));
    return values;
  }

  private static Map<String, Object> cpu(Path directory) {
    Map<String, Object> values = fields(CgroupFiles.table(directory.resolve("cpu.stat")), CPU);
    putPressure(values, directory.resolve("cpu.pressure"));
    return values;
  }

  private static Map<String, Object> memory(Path directory) {
    Map<String, Long> stat = CgroupFiles.table(directory.resolve("memory.stat"));
    Map<String, Object> values = fields(stat, MEMORY);
    for (String name : MEMORY_SPLIT) {
      values.put(
          name,
          stat.getOrDefault(
              name, stat.getOrDefault(name + "_anon", 0L) + stat.getOrDefault(name + "_file", 0L)));
    }
    values.put("workingset_nodereclaim", stat.getOrDefault("workingset_nodereclaim", 0L));
    values.put("usage", CgroupFiles.number(directory.resolve("memory.current")));
    values.put("usage_limit", CgroupFiles.number(directory.resolve("memory.max")));
    values.put("max_usage", CgroupFiles.number(directory.resolve("memory.peak")));
    values.put("swap_usage", CgroupFiles.number(directory.resolve("memory.swap.current")));
    values.put("swap_limit", CgroupFiles.number(directory.resolve("memory.swap.max")));
    values.put("swap_max_usage", CgroupFiles.number(directory.resolve("memory.swap.peak")));
    putPressure(values, directory.resolve("memory.pressure"));
    return values;
  }

  private static Map<String, Object> io(Path directory) {
    var values = new HashMap<String, Object>();
    values.put(
        "usage",
        CgroupFiles.read(directory.resolve("io.stat")).lines().map(MetricsV2::ioEntry).toList());
    putPressure(values, directory.resolve("io.pressure"));
    return values;
  }

  /** {@code 8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0}. */
  private static Map<String, Object> ioEntry(String line) {
    String[] parts = line.split(" ");
    String[] device = parts[0].split(":", 2);
    var counts = new HashMap<String, Long>();
    for (int i = 1; i < parts.length; i++) {
      String[] pair = parts[i].split("=", 2);
      if (pair.length == 2) {
        counts.put(pair[0], CgroupFiles.number(pair[1]));
      }
    }
    Map<String, Object> entry = fields(counts, IO);
    entry.put("major", CgroupFiles.number(device[0]));
    entry.put("minor", device.length == 2 ? CgroupFiles.number(device[1]) : 0L);
    return entry;
  }

  private static Map<String, Object> hugePage(Path directory, String size) {
    String prefix = "hugetlb." + size + ".";
    return Map.of(
        "pagesize",
        size,
        "current",
        CgroupFiles.number(directory.resolve(prefix + "current")),
        "max",
        CgroupFiles.number(directory.resolve(prefix + "max")),
        "failcnt",
        CgroupFiles.table(directory.resolve(prefix + "events")).getOrDefault("max", 0L));
  }

  private static void putPressure(Map<String, Object> values, Path file) {
    var stats = new HashMap<String, Object>();
    for (String line : CgroupFiles.read(file).lines().toList()) {
      int space = line.indexOf(' ');
      Map<String, Object> data = space < 0 ? null : pressure(line.substring(space + 1));
      if (data != null) {
        stats.put(line.substring(0, space), data);
      }
    }
    if (!stats.isEmpty()) {
      values.put("psi", stats);
    }
  }

  /** {@code avg10=0.00 avg60=0.00 avg300=0.00 total=0}. */
  private static @Nullable Map<String, Object> pressure(String text) {
    var data = new HashMap<String, Object>();
    for (String part : text.split(" ")) {
      String[] pair = part.split("=", 2);
      if (pair.length != 2) {
        return null;
      }
      try {
        data.put(
            pair[0],
            pair[0].equals("total")
                ? (Object) CgroupFiles.number(pair[1])
                : (Object) Double.parseDouble(pair[1]));
      } catch (NumberFormatException _) {
        return null;
      }
    }
    return data;
  }
}
