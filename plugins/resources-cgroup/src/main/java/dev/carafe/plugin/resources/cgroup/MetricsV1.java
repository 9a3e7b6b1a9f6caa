package dev.carafe.plugin.resources.cgroup;

import static java.util.Map.entry;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads {@code io.containerd.cgroups.v1.Metrics} from the files of a version 1 group. */
final class MetricsV1 {
  /** USER_HZ, the unit of cpuacct.stat: 100 on every architecture that a JDK runs on. */
  private static final long NANOS_PER_TICK = 10_000_000;

  private static final List<String> MEMORY =
      List.of(
          "cache",
          "rss",
          "rss_huge",
          "mapped_file",
          "dirty",
          "writeback",
          "pgpgin",
          "pgpgout",
          "pgfault",
          "pgmajfault",
          "inactive_anon",
          "active_anon",
          "inactive_file",
          "active_file",
          "unevictable");

  /** Kernel names that the message spells differently. */
  private static final Map<String, String> SPELLING =
      Map.ofEntries(
          entry("pgpgin", "pg_pg_in"),
          entry("pgpgout", "pg_pg_out"),
          entry("pgfault", "pg_fault"),
          entry("pgmajfault", "pg_maj_fault"));

  private static final Map<String, String> BLKIO =
      Map.ofEntries(
          entry("io_service_bytes_recursive", "io_service_bytes"),
          entry("io_serviced_recursive", "io_serviced"),
          entry("io_queued_recursive", "io_queued"),
          entry("io_service_time_recursive", "io_service_time"),
          entry("io_wait_time_recursive", "io_wait_time"),
          entry("io_merged_recursive", "io_merged"),
          entry("io_time_recursive", "time"),
          entry("sectors_recursive", "sectors"));

  private MetricsV1() {}

  static Map<String, Object> read(Cgroup group) {
    var values = new HashMap<String, Object>();
    put(values, "pids", pids(group.directory("pids")));
    put(values, "cpu", cpu(group.directory("cpu"), group.directory("cpuacct")));
    Path memory = group.directory("memory");
    put(values, "memory", memory(memory));
    put(values, "memory_oom_control", oom(memory));
    put(values, "blkio", blkio(group.directory("blkio")));
    put(values, "rdma", Rdma.read(group.directory("rdma")));
    List<Map<String, Object>> pages =
        HugePages.read(group.directory("hugetlb"), MetricsV1::hugePage);
    if (!pages.isEmpty()) {
      values.put("hugetlb", pages);
    }
    return values;
  }

  private static void put(Map<String, Object> values, String key, @Nullable Object value) {
    if (value != null) {
      values.put(key, value);
    }
  }

  private static @Nullable Map<String, Object> pids(@Nullable Path directory) {
    if (directory == null) {
      return null;
    }
    long limit = CgroupFiles.number(directory.resolve("pids.max"));
    return Map.of(
        "current",
        CgroupFiles.number(directory.resolve("pids.current")),
        "limit",
        limit == CgroupFiles.MAX ? 0L : limit);
  }

  private static @Nullable Map<String, Object> cpu(@Nullable Path cpu, @Nullable Path cpuacct) {
    if (cpu == null && cpuacct == null) {
      return null;
    }
    var values = new HashMap<String, Object>();
    if (cpuacct != null) {
      Map<String, Long> ticks = CgroupFiles.table(cpuacct.resolve("cpuacct.stat"));
      List<Long> perCpu =
          Arrays.stream(CgroupFiles.read(cpuacct.resolve("cpuacct.usage_percpu")).split("\\s+"))
              .filter(text -> !text.isEmpty())
              .map(CgroupFiles::number)
              .toList();
      values.put(
          "usage",
          Map.of(
              "total",
              CgroupFiles.number(cpuacct.resolve("cpuacct.usage")),
              "user",
              ticks.getOrDefault("user", 0L) * NANOS_PER_TICK,
              "kernel",
              ticks.getOrDefault("system", 0L) * NANOS_PER_TICK,
              "per_cpu",
              perCpu));
    }
    if (cpu != null) {
      Map<String, Long> stat = CgroupFiles.table(cpu.resolve("cpu.stat"));
      values.put(
          "throttling",
          Map.of(
              "periods",
              stat.getOrDefault("nr_periods", 0L),
              "throttled_periods",
              stat.getOrDefault("nr_throttled", 0L),
              "throttled_time",
              stat.getOrDefault("throttled_time", 0L)));
    }
    return values;
  }

  private static @Nullable Map<String, Object> memory(@Nullable Path directory) {
    if (directory == null) {
      return null;
    }
    Map<String, Long> stat = CgroupFiles.table(directory.resolve("memory.stat"));
    var values = new HashMap<String, Object>();
    for (String name : MEMORY) {
      String field = SPELLING.getOrDefault(name, name);
      values.put(field, stat.getOrDefault(name, 0L));
      values.put("total_" + field, stat.getOrDefault("total_" + name, 0L));
    }
    values.put("hierarchical_memory_limit", stat.getOrDefault("hierarchical_memory_limit", 0L));
    values.put("hierarchical_swap_limit", stat.getOrDefault("hierarchical_memsw_limit", 0L));
    values.put("usage", memoryEntry(directory, "memory."));
    values.put("swap", memoryEntry(directory, "memory.memsw."));
    values.put("kernel", memoryEntry(directory, "memory.kmem."));
    values.put("kernel_tcp", memoryEntry(directory, "memory.kmem.tcp."));
    return values;
  }

  private static Map<String, Object> memoryEntry(Path directory, String prefix) {
    return Map.of(
        "usage",
        CgroupFiles.number(directory.resolve(prefix + "usage_in_bytes")),
        "max",
        CgroupFiles.number(directory.resolve(prefix + "max_usage_in_bytes")),
        "failcnt",
        CgroupFiles.number(directory.resolve(prefix + "failcnt")),
        "limit",
        CgroupFiles.number(directory.resolve(prefix + "limit_in_bytes")));
  }

  private static @Nullable Map<String, Object> oom(@Nullable Path directory) {
    if (directory == null) {
      return null;
    }
    Map<String, Long> control = CgroupFiles.table(directory.resolve("memory.oom_control"));
    return control.isEmpty() ? null : Map.copyOf(control);
  }

  /**
   * The files' prefix depends on the I/O scheduler: none with CFQ, {@code bfq.} with BFQ, and
   * {@code throttle.} counts always.
   */
  private static @Nullable Map<String, Object> blkio(@Nullable Path directory) {
    if (directory == null) {
      return null;
    }
    Map<String, String> devices = Devices.names();
    var values = new HashMap<String, Object>();
    BLKIO.forEach((field, file) -> {
      List<Map<String, Object>> entries =
          Stream.of("", "bfq.", "throttle.")
              .map(prefix -> directory.resolve("blkio." + prefix + file + "_recursive"))
              .map(path -> blkioEntries(path, devices))
              .filter(list -> !list.isEmpty())
              .findFirst()
              .orElse(List.of());
      if (!entries.isEmpty()) {
        values.put(field, entries);
      }
    });
    return values;
  }

  /** Lines of {@code 8:0 Read 4096}, or {@code 8:0 4096}; a line of totals has no device. */
  private static List<Map<String, Object>> blkioEntries(Path file, Map<String, String> devices) {
    return CgroupFiles.read(file)
        .lines()
        .map(line -> line.split("[ :]"))
        .filter(parts -> parts.length == 3 || parts.length == 4)
        .map(parts -> {
          var entry = new LinkedHashMap<String, Object>();
          entry.put("major", CgroupFiles.number(parts[0]));
          entry.put("minor", CgroupFiles.number(parts[1]));
          entry.put("op", parts.length == 4 ? parts[2] : "");
          entry.put("value", CgroupFiles.number(parts[parts.length - 1]));
          entry.put(
              "device", Objects.requireNonNullElse(devices.get(parts[0] + ":" + parts[1]), ""));
          return (Map<String, Object>) entry;
        })
        .toList();
  }

  private static Map<String, Object> hugePage(Path directory, String size) {
    String prefix = "hugetlb." + size + ".";
    return Map.of(
        "pagesize",
        size,
        "usage",
        CgroupFiles.number(directory.resolve(prefix + "usage_in_bytes")),
        "max",
        CgroupFiles.number(directory.resolve(prefix + "max_usage_in_bytes")),
        "failcnt",
        CgroupFiles.number(directory.resolve(prefix + "failcnt")));
  }

  /** Block devices by number, {@code 8:0} to {@code /dev/sda}. */
  private static final class Devices {
    static Map<String, String> names() {
      var names = new HashMap<String, String>();
      for (String line :
          new ArrayList<>(CgroupFiles.read(Path.of("/proc/diskstats")).lines().toList())) {
        String[] parts = line.trim().split("\\s+");
        if (parts.length > 3) {
          names.put(parts[0] + ":" + parts[1], "/dev/" + parts[2]);
        }
      }
      return names;
    }
  }
}
