package dev.carafe.services.telemetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.services.telemetry.ContainerMetrics.Task;
import dev.carafe.spi.runtimes.TaskMetrics;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CgroupFamiliesTest {
  private static final Task OLD =
      new Task(
          "k8s.io",
          "c\"1",
          new TaskMetrics(
              Instant.EPOCH,
              TaskMetrics.CGROUPS_V1,
              Map.of(
                  "cpu",
                  Map.of(
                      "usage",
                      Map.of("total", 12L, "user", 5L, "kernel", 7L, "per_cpu", List.of(4L, 8L)),
                      "throttling",
                      Map.of("periods", 3L)),
                  "memory",
                  Map.of(
                      "pg_fault", 9L, "usage", Map.of("usage", 4096L, "limit", -4096L), "rss", 1L),
                  "memory_oom_control",
                  Map.of("oom_kill", 2L),
                  "pids",
                  Map.of("current", 1L),
                  "blkio",
                  Map.of(
                      "io_service_bytes_recursive",
                      List.of(Map.of("major", 8L, "minor", 0L, "op", "Read", "value", 77L))))));

  private static final Task NEW =
      new Task(
          "default",
          "c2",
          new TaskMetrics(
              Instant.EPOCH,
              TaskMetrics.CGROUPS_V2,
              Map.of(
                  "cpu",
                  Map.of("usage_usec", 5L, "nr_periods", 6L),
                  "memory",
                  Map.of("usage", 8192L),
                  "memory_events",
                  Map.of("oom", 1L),
                  "io",
                  Map.of("usage", List.of(Map.of("major", 8L, "minor", 1L, "rbytes", 3L))))));

  private static String text(Task... tasks) {
    StringBuilder out = new StringBuilder();
    CgroupFamilies.write(List.of(tasks), new TextFormat(out));
    return out.toString();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "container_cpu_total_nanoseconds{container_id=\"c\\\"1\",namespace=\"k8s.io\"} 12\n",
        "container_cpu_throttle_periods_total{container_id=\"c\\\"1\",namespace=\"k8s.io\"} 3\n",
        "container_memory_pgfault_bytes{container_id=\"c\\\"1\",namespace=\"k8s.io\"} 9\n",
        "container_memory_usage_usage_bytes{container_id=\"c\\\"1\",namespace=\"k8s.io\"} 4096\n",
        "container_memory_oom_total{container_id=\"c\\\"1\",namespace=\"k8s.io\"} 2\n",
        "container_pids_current{container_id=\"c\\\"1\",namespace=\"k8s.io\"} 1\n",
        "container_per_cpu_nanoseconds{container_id=\"c\\\"1\",namespace=\"k8s.io\",cpu=\"1\"} 8\n",
        "container_blkio_io_service_bytes_recursive_bytes{container_id=\"c\\\"1\","
            + "namespace=\"k8s.io\",device=\"\",major=\"8\",minor=\"0\",op=\"Read\"} 77\n",
        "container_memory_usage_limit_bytes{container_id=\"c\\\"1\",namespace=\"k8s.io\"}"
            + " 1.8446744073709548E19\n",
      })
  void versionOneHasContainerdsNames(String line) {
    assertTrue(text(OLD).contains(line), text(OLD));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "container_cpu_usage_usec_microseconds{container_id=\"c2\",namespace=\"default\"} 5\n",
        "container_cpu_nr_periods_total{container_id=\"c2\",namespace=\"default\"} 6\n",
        "container_memory_usage_bytes{container_id=\"c2\",namespace=\"default\"} 8192\n",
        "container_memory_oom_total{container_id=\"c2\",namespace=\"default\"} 1\n",
        "container_io_rbytes_bytes{container_id=\"c2\",namespace=\"default\","
            + "major=\"8\",minor=\"1\"} 3\n",
      })
  void versionTwoHasContainerdsNames(String line) {
    assertTrue(text(NEW).contains(line), text(NEW));
  }

  @Test
  void withoutTasksThereIsNothing() {
    assertEquals("", text());
  }

  @Test
  void everyFamilyIsAnnouncedOnce() {
    List<String> announced =
        text(NEW, NEW).lines().filter(line -> line.startsWith("# TYPE")).toList();
    assertEquals(announced.stream().distinct().toList(), announced);
  }
}
