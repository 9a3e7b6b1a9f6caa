package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.api.cri.v1.ContainerConfig;
import dev.carafe.api.cri.v1.ListPodSandboxMetricsRequest;
import dev.carafe.api.cri.v1.NamespaceMode;
import dev.carafe.api.cri.v1.PodSandboxMetrics;
import dev.carafe.api.cri.v1.PodSandboxState;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What containers of a pod share. */
@ExtendWith(LeakCheck.class)
class CriPodIT {
  private static ContainerConfig sharing(String name, String image, String script) {
    ContainerConfig.Builder config = Cri.config(name, image, "sh", "-c", script);
    Cri.security(config).getNamespaceOptionsBuilder().setPid(NamespaceMode.POD);
    return config.build();
  }

  private static String processes(Cri cri, String container) {
    return cri.exec(container, 10, "ps").getStdout().toStringUtf8();
  }

  private static String started(Cri cri, String pod, ContainerConfig config) {
    String container = cri.create(pod, config);
    cri.start(container);
    return container;
  }

  @Test
  void containersThatShareTheirProcessesSeeEachOtherAndAnInitThatNeedsNoImage(Lab lab) {
    Cri cri = Cri.of(lab);
    String pod = cri.run("p1", 0);
    String image = cri.pull();
    String first = started(cri, pod, sharing("c1", image, "sleep 1001 & wait"));
    String second = started(cri, pod, sharing("c2", image, "sleep 1002 & wait"));
    String apart = started(cri, pod, Cri.config("c3", image, "sleep", "1003").build());

    // Then
    Await.until("all processes", () -> processes(cri, first).contains("sleep 1002"));
    assertTrue(processes(cri, second).contains("sleep 1001"));
    assertFalse(processes(cri, first).contains("sleep 1003"));
    assertFalse(processes(cri, apart).contains("sleep 1001"));
    assertEquals("init\n", cri.exec(first, 10, "cat", "/proc/1/comm").getStdout().toStringUtf8());
    assertTrue(
        cri.exec(first, 10, "sh", "-c", "ls /proc/1/root/ 2>&1; kill -9 1")
            .getStdout()
            .toStringUtf8()
            .contains("denied"));

    // When
    cri.stop(first, 0);

    // Then
    assertEquals(PodSandboxState.SANDBOX_READY, cri.podStatus(pod).getState());
    assertTrue(processes(cri, second).contains("sleep 1002"));
    assertFalse(processes(cri, second).contains("sleep 1001"));
  }

  @Test
  void theSharedProcessesSurviveTheDaemonAndAPodWithoutItsInitIsNotReady(Lab lab) throws Exception {
    Cri cri = Cri.of(lab);
    String pod = cri.run("p1", 0);
    String image = cri.pull();
    String first = started(cri, pod, sharing("c1", image, "sleep 1001 & wait"));

    // When
    cri.daemon().kill();
    cri.daemon().start();
    String second = started(cri, pod, sharing("c2", image, "sleep 1002 & wait"));

    // Then
    assertTrue(processes(cri, second).contains("sleep 1001"));

    // When
    ProcessHandle init =
        ProcessHandle.allProcesses()
            .filter(process -> process.info().command().orElse("").equals("/init"))
            .filter(process -> isIn(process.pid(), pod))
            .findFirst()
            .orElseThrow();
    init.destroyForcibly();

    // Then
    Await.until(
        "the pod is not ready",
        () -> cri.podStatus(pod).getState() == PodSandboxState.SANDBOX_NOTREADY);
    assertEquals(137, cri.awaitEnd(first).getExitCode());
    StatusRuntimeException late =
        assertThrows(
            StatusRuntimeException.class, () -> cri.create(pod, sharing("c3", image, "true")));
    assertEquals(Status.Code.FAILED_PRECONDITION, late.getStatus().getCode());
    cri.removePod(pod);
  }

  private static boolean isIn(long pid, String cgroup) {
    try {
      return java.nio.file.Files.readString(java.nio.file.Path.of("/proc/" + pid + "/cgroup"))
          .contains(cgroup);
    } catch (java.io.IOException e) {
      return false;
    }
  }

  @Test
  void aPauseImageRunsWhereOneIsConfiguredAndIsKept(Lab lab) {
    TestImage image =
        TestImage.of(ImageStock.busyboxLayer()).config("Cmd", List.of("/bin/sleep", "100000"));
    String name = ImageStock.pushed("pause", () -> image).name();
    Cri cri = Cri.with(lab, "pause_image = \"" + name + "\"\n");

    // When
    String pod = cri.run("p1", 0);

    // Then
    assertTrue(cri.images("").getFirst().getPinned());
    assertEquals(PodSandboxState.SANDBOX_READY, cri.podStatus(pod).getState());
  }

  @Test
  void metricsOfAPodHaveTheLabelsThatTheirDescriptorsName(Lab lab) {
    Cri cri = Cri.of(lab);
    String container = cri.running("sleep 1000");

    // When
    List<PodSandboxMetrics> metrics =
        cri.runtime()
            .listPodSandboxMetrics(ListPodSandboxMetricsRequest.getDefaultInstance())
            .getPodMetricsList();

    // Then
    assertEquals(1, metrics.size());
    assertEquals(container, metrics.getFirst().getContainerMetrics(0).getContainerId());
    var names =
        metrics.getFirst().getContainerMetrics(0).getMetricsList().stream()
            .collect(Collectors.toMap(m -> m.getName(), m -> m, (a, b) -> a));
    assertEquals(1, names.get("container_processes").getValue().getValue());
    assertTrue(names.get("container_memory_usage_bytes").getValue().getValue() > 0);
    assertEquals("c1", names.get("container_threads").getLabelValues(0));
  }
}
