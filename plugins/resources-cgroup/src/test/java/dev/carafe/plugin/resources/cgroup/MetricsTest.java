package dev.carafe.plugin.resources.cgroup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.carafe.spi.runtimes.TaskMetrics;
import dev.carafe.testkit.runtimes.WireTable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsTest {
  @TempDir Path directory;

  @Test
  void version2StatisticsCarryTheNamesAndTypesOfTheWire() throws IOException {
    // When
    Map<String, Object> values = MetricsV2.read(filledV2().unified());

    // Then
    new WireTable("cgroups-v2-metrics.tsv").check(TaskMetrics.CGROUPS_V2, values);
    assertEquals(
        List.of("cpu", "hugetlb", "io", "memory", "memory_events", "pids", "rdma"),
        values.keySet().stream().sorted().toList());
  }

  @Test
  void version2ReadsMaxAsTheLargestUnsignedNumber() throws IOException {
    // When
    Map<String, Object> values = MetricsV2.read(filledV2().unified());

    // Then
    assertEquals(-1L, map(values, "memory").get("usage_limit"));
    assertEquals(-1L, map(values, "pids").get("limit"));
    assertEquals(12L, map(values, "pids").get("current"));
  }

  @Test
  void version2AddsUpWhatNewerKernelsCountApart() throws IOException {
    // When
    Map<String, Object> memory = map(MetricsV2.read(filledV2().unified()), "memory");

    // Then
    assertEquals(7L, memory.get("workingset_refault"));
    assertEquals(1_048_576L, memory.get("usage"));
  }

  @Test
  void version2ReportsPressureAsFractions() throws IOException {
    // When
    Map<String, Object> cpu = map(MetricsV2.read(filledV2().unified()), "cpu");

    // Then
    assertEquals(
        Map.of(
            "some", Map.of("avg10", 0.25, "avg60", 1.5, "avg300", 0.0, "total", 4711L),
            "full", Map.of("avg10", 0.0, "avg60", 0.0, "avg300", 0.0, "total", 0L)),
        cpu.get("psi"));
  }

  @Test
  void version2SaysNothingOfControllersThatAreOff() throws IOException {
    // Given
    var group = new FakeCgroup(directory).file("cpu.stat", "usage_usec 5\n");

    // When
    Map<String, Object> values = MetricsV2.read(group.unified());

    // Then
    assertEquals(List.of("cpu"), List.copyOf(values.keySet()));
  }

  @Test
  void version1StatisticsCarryTheNamesAndTypesOfTheWire() throws IOException {
    // When
    Map<String, Object> values = MetricsV1.read(filledV1().legacy());

    // Then
    new WireTable("cgroups-v1-metrics.tsv").check(TaskMetrics.CGROUPS_V1, values);
    assertEquals(
        List.of("blkio", "cpu", "hugetlb", "memory", "memory_oom_control", "pids", "rdma"),
        values.keySet().stream().sorted().toList());
  }

  @Test
  void version1TurnsTicksIntoNanoseconds() throws IOException {
    // When
    Map<String, Object> usage = map(map(MetricsV1.read(filledV1().legacy()), "cpu"), "usage");

    // Then
    assertEquals(120_000_000L, usage.get("user"));
    assertEquals(30_000_000L, usage.get("kernel"));
    assertEquals(List.of(100L, 200L), usage.get("per_cpu"));
  }

  @Test
  void version1ReportsNoPidsLimitAsZero() throws IOException {
    // When
    Map<String, Object> pids = map(MetricsV1.read(filledV1().legacy()), "pids");

    // Then
    assertEquals(Map.of("current", 3L, "limit", 0L), pids);
  }

  @Test
  @SuppressWarnings("unchecked")
  void version1PrefersTheRecursiveCountsOfTheScheduler() throws IOException {
    // When
    var blkio = map(MetricsV1.read(filledV1().legacy()), "blkio");
    var bytes = (List<Map<String, Object>>) blkio.get("io_service_bytes_recursive");

    // Then
    assertEquals(2, bytes.size());
    assertEquals("Read", bytes.getFirst().get("op"));
    assertEquals(4096L, bytes.getFirst().get("value"));
    assertFalse(blkio.containsKey("io_queued_recursive"));
  }

  private FakeCgroup filledV2() throws IOException {
    return new FakeCgroup(directory)
        .file("pids.current", "12\n")
        .file("pids.max", "max\n")
        .file("cpu.stat", "usage_usec 10\nuser_usec 6\nsystem_usec 4\ncore_sched.force_idle 0\n")
        .file(
            "cpu.pressure",
            """
            some avg10=0.25 avg60=1.50 avg300=0.00 total=4711
            full avg10=0.00 avg60=0.00 avg300=0.00 total=0
            """)
        .file("memory.stat", "anon 4\nworkingset_refault_anon 3\nworkingset_refault_file 4\n")
        .file("memory.current", "1048576\n")
        .file("memory.max", "max\n")
        .file("memory.events", "low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\n")
        .file("io.stat", "8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0\n253:1 \n")
        .file("rdma.current", "mlx4_0 hca_handle=2 hca_object=max\n")
        .file("rdma.max", "mlx4_0 hca_handle=max hca_object=7\n")
        .file("hugetlb.2MB.current", "0\n")
        .file("hugetlb.2MB.max", "max\n")
        .file("hugetlb.2MB.events", "max 5\n");
  }

  private FakeCgroup filledV1() throws IOException {
    return new FakeCgroup(directory)
        .file("pids.current", "3\n")
        .file("pids.max", "max\n")
        .file("cpu.stat", "nr_periods 2\nnr_throttled 1\nthrottled_time 99\n")
        .file("cpuacct.stat", "user 12\nsystem 3\n")
        .file("cpuacct.usage", "300\n")
        .file("cpuacct.usage_percpu", "100 200 \n")
        .file("memory.stat", "cache 1\nrss 2\npgpgin 3\ntotal_pgmajfault 4\n")
        .file("memory.usage_in_bytes", "5\n")
        .file("memory.limit_in_bytes", "9223372036854771712\n")
        .file("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n")
        .file("blkio.throttle.io_service_bytes_recursive", "8:0 Read 1\nTotal 1\n")
        .file("blkio.bfq.io_service_bytes_recursive", "8:0 Read 4096\n8:0 Write 0\nTotal 4096\n")
        .file("rdma.current", "mlx4_0 hca_handle=2 hca_object=max\n")
        .file("hugetlb.1GB.usage_in_bytes", "0\n");
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> map(Map<String, Object> values, String key) {
    return (Map<String, Object>) values.get(key);
  }
}
