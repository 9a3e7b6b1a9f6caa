package dev.carafe.cri;

import dev.carafe.api.cri.v1.ContainerAttributes;
import dev.carafe.api.cri.v1.ContainerStats;
import dev.carafe.api.cri.v1.ContainerStatsFilter;
import dev.carafe.api.cri.v1.CpuUsage;
import dev.carafe.api.cri.v1.FilesystemIdentifier;
import dev.carafe.api.cri.v1.FilesystemUsage;
import dev.carafe.api.cri.v1.LinuxPodSandboxStats;
import dev.carafe.api.cri.v1.MemoryUsage;
import dev.carafe.api.cri.v1.PodSandboxAttributes;
import dev.carafe.api.cri.v1.PodSandboxStats;
import dev.carafe.api.cri.v1.PodSandboxStatsFilter;
import dev.carafe.api.cri.v1.ProcessUsage;
import dev.carafe.api.cri.v1.SwapUsage;
import dev.carafe.api.cri.v1.UInt64Value;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.tasks.TaskManager;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.runtimes.TaskMetrics;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.spi.snapshots.Usage;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Statistics of containers and pods, from their cgroups and snapshots, kept for a second. */
final class Stats {
  private static final Duration FRESH = Duration.ofSeconds(1);

  private final Records records;
  private final Metadata metadata;
  private final TaskManager tasks;
  private final CriImages images;
  private final Path root;
  private final Map<String, Sample> samples = new ConcurrentHashMap<>();

  private record Sample(Instant at, long cpu, long nanoCores, ContainerStats stats) {}

  Stats(Records records, Metadata metadata, TaskManager tasks, CriImages images, Path root) {
    this.records = records;
    this.metadata = metadata;
    this.tasks = tasks;
    this.images = images;
    this.root = root;
  }

  /** Empty for a container that does not run. */
  Optional<ContainerStats> of(CriContainer container) {
    if (!container.running()) {
      samples.remove(container.id());
      return Optional.empty();
    }
    Sample last = samples.get(container.id());
    Instant now = Instant.now();
    if (last != null && last.at().plus(FRESH).isAfter(now)) {
      return Optional.of(last.stats());
    }
    try {
      TaskMetrics metrics = tasks.metrics(Records.NAMESPACE, container.id());
      Sample sample = sample(container, metrics, last);
      samples.put(container.id(), sample);
      return Optional.of(sample.stats());
    } catch (DaemonException e) {
      // It has just ended.
      return Optional.empty();
    }
  }

  private Sample sample(CriContainer container, TaskMetrics metrics, @Nullable Sample last) {
    boolean unified = metrics.kind().equals(TaskMetrics.CGROUPS_V2);
    Map<String, Object> values = metrics.values();
    long cpu =
        unified
            ? number(values, "cpu", "usage_usec") * 1000
            : number(values, "cpu", "usage", "total");
    long nanos = last == null ? 0 : Duration.between(last.at(), metrics.at()).toNanos();
    long cores = last == null || nanos <= 0 ? 0 : (long) ((cpu - last.cpu()) * 1e9 / nanos);
    long at = nanos(metrics.at());
    ContainerStats stats =
        ContainerStats.newBuilder()
            .setAttributes(
                ContainerAttributes.newBuilder()
                    .setId(container.id())
                    .setMetadata(container.config().getMetadata())
                    .putAllLabels(container.config().getLabelsMap())
                    .putAllAnnotations(container.config().getAnnotationsMap()))
            .setCpu(
                CpuUsage.newBuilder()
                    .setTimestamp(at)
                    .setUsageCoreNanoSeconds(value(cpu))
                    .setUsageNanoCores(value(Math.max(0, cores))))
            .setMemory(memory(values, unified, at))
            .setSwap(swap(values, unified, at))
            .setWritableLayer(layer(container, at))
            .build();
    return new Sample(metrics.at(), cpu, cores, stats);
  }

  private static MemoryUsage memory(Map<String, Object> values, boolean unified, long at) {
    long usage =
        unified ? number(values, "memory", "usage") : number(values, "memory", "usage", "usage");
    long inactive =
        unified
            ? number(values, "memory", "inactive_file")
            : number(values, "memory", "total_inactive_file");
    long limit =
        unified
            ? number(values, "memory", "usage_limit")
            : number(values, "memory", "usage", "limit");
    long working = Math.max(0, usage - inactive);
    MemoryUsage.Builder memory =
        MemoryUsage.newBuilder()
            .setTimestamp(at)
            .setWorkingSetBytes(value(working))
            .setUsageBytes(value(usage))
            .setRssBytes(
                value(
                    unified
                        ? number(values, "memory", "anon")
                        : number(values, "memory", "total_rss")))
            .setPageFaults(value(number(values, "memory", unified ? "pgfault" : "total_pg_fault")))
            .setMajorPageFaults(
                value(number(values, "memory", unified ? "pgmajfault" : "total_pg_maj_fault")));
    boolean limited = limit > 0 && limit < Long.MAX_VALUE / 4;
    return memory.setAvailableBytes(value(limited ? Math.max(0, limit - working) : 0)).build();
  }

  private static SwapUsage swap(Map<String, Object> values, boolean unified, long at) {
    long used =
        unified
            ? number(values, "memory", "swap_usage")
            : Math.max(
                0,
                number(values, "memory", "swap", "usage")
                    - number(values, "memory", "usage", "usage"));
    return SwapUsage.newBuilder().setTimestamp(at).setSwapUsageBytes(value(used)).build();
  }

  private FilesystemUsage layer(CriContainer container, long at) {
    Usage usage;
    try {
      usage =
          metadata
              .stores(Records.NAMESPACE)
              .snapshotter(images.snapshotter())
              .usage(new SnapshotKey(container.id()));
    } catch (DaemonException e) {
      usage = new Usage(0, 0);
    }
    return FilesystemUsage.newBuilder()
        .setTimestamp(at)
        .setFsId(FilesystemIdentifier.newBuilder().setMountpoint(root.toString()))
        .setUsedBytes(value(usage.bytes()))
        .setInodesUsed(value(usage.inodes()))
        .build();
  }

  PodSandboxStats of(Pod pod) {
    List<ContainerStats> containers =
        records.containersOf(pod.id()).stream().flatMap(c -> of(c).stream()).toList();
    long at = nanos(Instant.now());
    long cpu =
        containers.stream().mapToLong(c -> c.getCpu().getUsageCoreNanoSeconds().getValue()).sum();
    long cores =
        containers.stream().mapToLong(c -> c.getCpu().getUsageNanoCores().getValue()).sum();
    long working =
        containers.stream().mapToLong(c -> c.getMemory().getWorkingSetBytes().getValue()).sum();
    long usage = containers.stream().mapToLong(c -> c.getMemory().getUsageBytes().getValue()).sum();
    long processes = 0;
    for (CriContainer container : records.containersOf(pod.id())) {
      processes += processes(container);
    }
    return PodSandboxStats.newBuilder()
        .setAttributes(
            PodSandboxAttributes.newBuilder()
                .setId(pod.id())
                .setMetadata(pod.config().getMetadata())
                .putAllLabels(pod.config().getLabelsMap())
                .putAllAnnotations(pod.config().getAnnotationsMap()))
        .setLinux(
            LinuxPodSandboxStats.newBuilder()
                .setCpu(
                    CpuUsage.newBuilder()
                        .setTimestamp(at)
                        .setUsageCoreNanoSeconds(value(cpu))
                        .setUsageNanoCores(value(cores)))
                .setMemory(
                    MemoryUsage.newBuilder()
                        .setTimestamp(at)
                        .setWorkingSetBytes(value(working))
                        .setUsageBytes(value(usage)))
                .setProcess(
                    ProcessUsage.newBuilder().setTimestamp(at).setProcessCount(value(processes)))
                .addAllContainers(containers))
        .build();
  }

  List<ContainerStats> containers(ContainerStatsFilter filter) {
    return records.containers().stream()
        .filter(container ->
            (filter.getId().isEmpty() || container.id().startsWith(filter.getId()))
                && (filter.getPodSandboxId().isEmpty()
                    || container.podId().startsWith(filter.getPodSandboxId()))
                && Views.matches(filter.getLabelSelectorMap(), container.config().getLabelsMap()))
        .flatMap(container -> of(container).stream())
        .toList();
  }

  List<PodSandboxStats> pods(PodSandboxStatsFilter filter) {
    return records.pods().stream()
        .filter(pod ->
            pod.ready()
                && (filter.getId().isEmpty() || pod.id().startsWith(filter.getId()))
                && Views.matches(filter.getLabelSelectorMap(), pod.config().getLabelsMap()))
        .map(this::of)
        .toList();
  }

  private long processes(CriContainer container) {
    if (!container.running()) {
      return 0;
    }
    try {
      return tasks.processes(Records.NAMESPACE, container.id()).size();
    } catch (DaemonException e) {
      return 0;
    }
  }

  static UInt64Value value(long number) {
    return UInt64Value.newBuilder().setValue(number).build();
  }

  static long nanos(Instant at) {
    return at.getEpochSecond() * 1_000_000_000L + at.getNano();
  }

  static long number(Map<String, Object> values, String... path) {
    return at(values, path) instanceof Number number ? number.longValue() : 0;
  }

  static @Nullable Object at(Map<String, Object> values, String... path) {
    Object at = values;
    for (String name : path) {
      at = at instanceof Map<?, ?> map ? map.get(name) : null;
    }
    return at;
  }
}
