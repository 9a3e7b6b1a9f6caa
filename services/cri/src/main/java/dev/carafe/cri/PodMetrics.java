package dev.carafe.cri;

import dev.carafe.api.cri.v1.ContainerMetrics;
import dev.carafe.api.cri.v1.LinuxContainerResources;
import dev.carafe.api.cri.v1.Metric;
import dev.carafe.api.cri.v1.PodSandboxMetrics;
import dev.carafe.cri.MetricCatalog.Sheet;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.tasks.TaskManager;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.FileCalls;
import dev.carafe.linux.FilesystemStat;
import dev.carafe.linux.RawPath;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.TaskMetrics;
import dev.carafe.spi.runtimes.TaskProcess;
import dev.carafe.spi.snapshots.SnapshotKey;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Metrics of pods and their containers by the names of {@link MetricCatalog}. */
final class PodMetrics {
  private static final long SECOND = 1_000_000_000L;

  private final Records records;
  private final Metadata metadata;
  private final TaskManager tasks;
  private final CriImages images;
  private final Path root;

  PodMetrics(Records records, Metadata metadata, TaskManager tasks, CriImages images, Path root) {
    this.records = records;
    this.metadata = metadata;
    this.tasks = tasks;
    this.images = images;
    this.root = root;
  }

  /** Of all pods that are ready. */
  List<PodSandboxMetrics> list() {
    return records.pods().stream().filter(Pod::ready).map(this::of).toList();
  }

  private PodSandboxMetrics of(Pod pod) {
    PodSandboxMetrics.Builder all = PodSandboxMetrics.newBuilder().setPodSandboxId(pod.id());
    long shown = 0;
    for (CriContainer container : records.containersOf(pod.id())) {
      if (!container.running()) {
        continue;
      }
      try {
        long pid = pid(container);
        all.addContainerMetrics(
            ContainerMetrics.newBuilder()
                .setContainerId(container.id())
                .addAllMetrics(of(pod, container, pid)));
        shown = pid;
      } catch (DaemonException e) {
        // It has just ended.
        continue;
      }
    }
    if (shown > 0 && !pod.hostNetwork()) {
      all.addAllMetrics(network(pod, ProcessFiles.network(shown)));
    }
    return all.build();
  }

  private long pid(CriContainer container) {
    ProcessStatus status = tasks.get(Records.NAMESPACE, container.id(), "").status();
    return status instanceof ProcessStatus.Running running ? running.pid() : 0;
  }

  private static List<Metric> network(Pod pod, Map<String, long[]> interfaces) {
    var metadata = pod.config().getMetadata();
    var common = List.of("", pod.id(), "", "", metadata.getNamespace(), metadata.getName());
    var sheet = new Sheet(common, Stats.nanos(Instant.now()));
    interfaces.forEach((name, counts) -> {
      if (name.equals("lo")) {
        return;
      }
      String[] direction = {"receive", "transmit"};
      for (int i = 0; i < 2; i++) {
        String prefix = "container_network_" + direction[i] + "_";
        sheet.add(prefix + "bytes_total", counts[8 * i], name);
        sheet.add(prefix + "packets_total", counts[8 * i + 1], name);
        sheet.add(prefix + "errors_total", counts[8 * i + 2], name);
        sheet.add(prefix + "packets_dropped_total", counts[8 * i + 3], name);
      }
    });
    return sheet.metrics();
  }

  private List<Metric> of(Pod pod, CriContainer container, long pid) {
    TaskMetrics read = tasks.metrics(Records.NAMESPACE, container.id());
    var podMetadata = pod.config().getMetadata();
    var sheet =
        new Sheet(
            List.of(
                container.config().getMetadata().getName(),
                container.id(),
                container.config().getImage().getImage(),
                container.id(),
                podMetadata.getNamespace(),
                podMetadata.getName()),
            Stats.nanos(read.at()));
    var values = new Values(read.values());
    if (read.kind().equals(TaskMetrics.CGROUPS_V2)) {
      ofVersion2(sheet, values);
    } else {
      ofVersion1(sheet, values);
    }
    hugePages(sheet, values);
    sheet.add("container_threads_max", values.number("pids", "limit"));
    filesystem(sheet, container);
    processes(sheet, container, pid);
    specification(sheet, container.config().getLinux().getResources());
    sheet.add("container_last_seen", read.at().getEpochSecond());
    Instant started = container.startedAt();
    sheet.add("container_start_time_seconds", started == null ? 0 : started.getEpochSecond());
    return sheet.metrics();
  }

  private static void ofVersion1(Sheet sheet, Values values) {
    sheet
        .add("container_cpu_usage_seconds_total", seconds(values, "cpu", "usage", "total"), "total")
        .add("container_cpu_user_seconds_total", seconds(values, "cpu", "usage", "user"))
        .add("container_cpu_system_seconds_total", seconds(values, "cpu", "usage", "kernel"))
        .add("container_cpu_cfs_periods_total", values.number("cpu", "throttling", "periods"))
        .add(
            "container_cpu_cfs_throttled_periods_total",
            values.number("cpu", "throttling", "throttled_periods"))
        .add(
            "container_cpu_cfs_throttled_seconds_total",
            seconds(values, "cpu", "throttling", "throttled_time"));
    long usage = values.number("memory", "usage", "usage");
    memory(sheet, usage, values.number("memory", "total_inactive_file"));
    sheet
        .add("container_memory_cache", values.number("memory", "total_cache"))
        .add("container_memory_rss", values.number("memory", "total_rss"))
        .add("container_memory_mapped_file", values.number("memory", "total_mapped_file"))
        .add("container_memory_max_usage_bytes", values.number("memory", "usage", "max"))
        .add("container_memory_kernel_usage", values.number("memory", "kernel", "usage"))
        .add("container_memory_failcnt", values.number("memory", "usage", "failcnt"))
        .add("container_memory_swap", values.number("memory", "swap", "usage") - usage)
        .add("container_oom_events_total", values.number("memory_oom_control", "oom_kill"));
    faults(sheet, "container", values, "pg_fault", "pg_maj_fault");
    faults(sheet, "hierarchy", values, "total_pg_fault", "total_pg_maj_fault");
    for (Values entry : values.list("blkio", "io_service_bytes_recursive")) {
      usage(sheet, entry, entry.text("op"), entry.number("value"));
    }
    operations(sheet, values, "io_service_bytes_recursive", "bytes_");
    operations(sheet, values, "io_serviced_recursive", "");
  }

  private static void operations(Sheet sheet, Values values, String list, String unit) {
    for (Values entry : values.list("blkio", list)) {
      switch (entry.text("op")) {
        case "Read" ->
            sheet.add("container_fs_reads_" + unit + "total", entry.number("value"), device(entry));
        case "Write" ->
            sheet.add(
                "container_fs_writes_" + unit + "total", entry.number("value"), device(entry));
        default -> {
          // Sums and flags.
        }
      }
    }
  }

  private static void usage(Sheet sheet, Values entry, String operation, long value) {
    sheet.add(
        "container_blkio_device_usage_total",
        value,
        device(entry),
        Long.toString(entry.number("major")),
        Long.toString(entry.number("minor")),
        operation);
  }

  private static String device(Values entry) {
    String name = entry.text("device");
    return name.isEmpty() ? entry.number("major") + ":" + entry.number("minor") : name;
  }

  private static void ofVersion2(Sheet sheet, Values values) {
    sheet
        .add("container_cpu_usage_seconds_total", micros(values, "cpu", "usage_usec"), "total")
        .add("container_cpu_user_seconds_total", micros(values, "cpu", "user_usec"))
        .add("container_cpu_system_seconds_total", micros(values, "cpu", "system_usec"))
        .add("container_cpu_cfs_periods_total", values.number("cpu", "nr_periods"))
        .add("container_cpu_cfs_throttled_periods_total", values.number("cpu", "nr_throttled"))
        .add("container_cpu_cfs_throttled_seconds_total", micros(values, "cpu", "throttled_usec"));
    memory(sheet, values.number("memory", "usage"), values.number("memory", "inactive_file"));
    sheet
        .add("container_memory_cache", values.number("memory", "file"))
        .add("container_memory_rss", values.number("memory", "anon"))
        .add("container_memory_mapped_file", values.number("memory", "file_mapped"))
        .add("container_memory_max_usage_bytes", values.number("memory", "max_usage"))
        .add("container_memory_kernel_usage", values.number("memory", "kernel_stack"))
        .add("container_memory_failcnt", values.number("memory_events", "max"))
        .add("container_memory_swap", values.number("memory", "swap_usage"))
        .add("container_oom_events_total", values.number("memory_events", "oom_kill"));
    faults(sheet, "container", values, "pgfault", "pgmajfault");
    faults(sheet, "hierarchy", values, "pgfault", "pgmajfault");
    for (Values entry : values.list("io", "usage")) {
      usage(sheet, entry, "Read", entry.number("rbytes"));
      usage(sheet, entry, "Write", entry.number("wbytes"));
      sheet
          .add("container_fs_reads_bytes_total", entry.number("rbytes"), device(entry))
          .add("container_fs_writes_bytes_total", entry.number("wbytes"), device(entry))
          .add("container_fs_reads_total", entry.number("rios"), device(entry))
          .add("container_fs_writes_total", entry.number("wios"), device(entry));
    }
    for (String resource : List.of("cpu", "io", "memory")) {
      if (values.has(resource, "psi")) {
        String prefix = "container_pressure_" + resource;
        sheet
            .add(
                prefix + "_waiting_seconds_total", micros(values, resource, "psi", "some", "total"))
            .add(
                prefix + "_stalled_seconds_total",
                micros(values, resource, "psi", "full", "total"));
      }
    }
  }

  private static void memory(Sheet sheet, long usage, long inactive) {
    sheet
        .add("container_memory_usage_bytes", usage)
        .add("container_memory_working_set_bytes", usage - inactive);
  }

  private static void faults(Sheet sheet, String scope, Values values, String minor, String major) {
    sheet
        .add("container_memory_failures_total", values.number("memory", minor), "pgfault", scope)
        .add(
            "container_memory_failures_total", values.number("memory", major), "pgmajfault", scope);
  }

  private static void hugePages(Sheet sheet, Values values) {
    for (Values entry : values.list("hugetlb")) {
      String size = entry.text("pagesize");
      long usage = entry.has("usage") ? entry.number("usage") : entry.number("current");
      sheet
          .add("container_hugetlb_usage_bytes", usage, size)
          .add("container_hugetlb_max_usage_bytes", entry.number("max"), size);
    }
  }

  private void filesystem(Sheet sheet, CriContainer container) {
    long used;
    try {
      used =
          metadata
              .stores(Records.NAMESPACE)
              .snapshotter(images.snapshotter())
              .usage(new SnapshotKey(container.id()))
              .bytes();
    } catch (DaemonException e) {
      used = 0;
    }
    String device = root.toString();
    sheet.add("container_fs_usage_bytes", used, device);
    try {
      FilesystemStat stat = FileCalls.statfs(RawPath.of(root));
      sheet
          .add("container_fs_limit_bytes", stat.blocks() * stat.blockSize(), device)
          .add("container_fs_inodes_total", stat.files(), device)
          .add("container_fs_inodes_free", stat.freeFiles(), device);
    } catch (ErrnoException e) {
      // The values are left out.
      return;
    }
  }

  private void processes(Sheet sheet, CriContainer container, long pid) {
    List<Long> pids =
        tasks.processes(Records.NAMESPACE, container.id()).stream().map(TaskProcess::pid).toList();
    ProcessFiles files = ProcessFiles.of(pids);
    sheet
        .add("container_processes", pids.size())
        .add("container_threads", files.threads())
        .add("container_file_descriptors", files.descriptors())
        .add("container_sockets", files.sockets())
        .add("container_ulimits_soft", ProcessFiles.openFiles(pid), "max_open_files");
  }

  private static void specification(Sheet sheet, LinuxContainerResources limits) {
    sheet
        .add("container_spec_cpu_period", limits.getCpuPeriod())
        .add("container_spec_cpu_quota", limits.getCpuQuota())
        .add("container_spec_cpu_shares", limits.getCpuShares())
        .add("container_spec_memory_limit_bytes", limits.getMemoryLimitInBytes())
        .add("container_spec_memory_reservation_limit_bytes", 0)
        .add("container_spec_memory_swap_limit_bytes", limits.getMemorySwapLimitInBytes());
  }

  private static long seconds(Values values, String... path) {
    return values.number(path) / SECOND;
  }

  private static long micros(Values values, String... path) {
    return values.number(path) / 1_000_000;
  }

  /** Numbers and texts in nested maps; what is not there is 0 or empty. */
  private record Values(Map<String, Object> map) {
    long number(String... path) {
      return Stats.number(map, path);
    }

    String text(String name) {
      return map.get(name) instanceof String text ? text : "";
    }

    boolean has(String... path) {
      return Stats.at(map, path) != null;
    }

    @SuppressWarnings("unchecked")
    List<Values> list(String... path) {
      return Stats.at(map, path) instanceof List<?> list
          ? list.stream()
              .filter(Map.class::isInstance)
              .map(entry -> new Values((Map<String, Object>) entry))
              .toList()
          : List.of();
    }
  }
}
