package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.api.cri.v1.CgroupDriver;
import dev.carafe.api.cri.v1.ContainerState;
import dev.carafe.api.cri.v1.ContainerStatus;
import dev.carafe.api.cri.v1.ExecSyncResponse;
import dev.carafe.api.cri.v1.PodSandboxState;
import dev.carafe.api.cri.v1.RuntimeConfigRequest;
import dev.carafe.api.cri.v1.StatusRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Pods and containers by the kubelet's interface. */
@ExtendWith(LeakCheck.class)
class CriIT {
  @Test
  void aPodRunsAContainerAndItsOutputIsInTheKubeletsLog(Lab lab) throws Exception {
    Cri cri = Cri.of(lab);
    String image = cri.pull();
    String pod = cri.run("p1", 0);
    assertEquals(PodSandboxState.SANDBOX_READY, cri.podStatus(pod).getState());

    // When
    String container = cri.create(pod, "c1", image, "sh", "-c", "echo out; echo err >&2; exit 3");
    assertEquals(ContainerState.CONTAINER_CREATED, cri.status(container).getState());
    cri.start(container);
    ContainerStatus ended = cri.awaitEnd(container);

    // Then
    assertEquals(3, ended.getExitCode());
    assertEquals("Error", ended.getReason());
    assertTrue(ended.getStartedAt() > 0 && ended.getFinishedAt() >= ended.getStartedAt());
    assertEquals(image, ended.getImageId());
    assertEquals(image, ended.getImageRef());
    List<String> log =
        Files.readAllLines(Path.of(ended.getLogPath())).stream()
            .map(line -> line.split(" ", 2)[1])
            .sorted()
            .toList();
    assertEquals(List.of("stderr F err", "stdout F out"), log);
  }

  @Test
  void imagesAreCountedByTheirId(Lab lab) {
    Cri cri = Cri.of(lab);
    String id = cri.pull();
    assertTrue(id.startsWith("sha256:"), id);
    assertEquals(1, cri.images("").size());
    assertEquals(id, cri.images("").getFirst().getId());
    String hex = id.substring(7);
    for (String reference : List.of(id, hex, hex.substring(0, 12), cri.imageName())) {
      assertEquals(id, cri.images(reference).getFirst().getId(), reference);
    }
    assertTrue(cri.images("nobody/has:it").isEmpty());

    // When
    cri.removeImage(id);
    cri.removeImage(id);

    // Then
    assertTrue(cri.images("").isEmpty());
  }

  @Test
  void whoAsksAgainForThePodGetsTheSame(Lab lab) {
    Cri cri = Cri.of(lab);
    String pod = cri.run("p1", 0);
    assertEquals(pod, cri.run("p1", 0));
    assertNotEquals(pod, cri.run("p1", 1));
    String image = cri.pull();
    String container = cri.create(pod, "c1", image, "true");
    assertEquals(container, cri.create(pod, "c1", image, "true"));
  }

  @Test
  void stoppingAndRemovingMayBeRepeatedAndWhatIsUnknownIsNotFound(Lab lab) {
    Cri cri = Cri.of(lab);
    String pod = cri.run("p1", 0);
    String container = cri.create(pod, "c1", cri.pull(), "sleep", "1000");
    cri.start(container);

    // When
    cri.stop(container, 0);
    cri.stop(container, 0);
    ContainerStatus ended = cri.status(container);
    assertEquals(137, ended.getExitCode());
    cri.stopPod(pod);
    cri.stopPod(pod);
    assertEquals(PodSandboxState.SANDBOX_NOTREADY, cri.podStatus(pod).getState());
    StatusRuntimeException late =
        assertThrows(StatusRuntimeException.class, () -> cri.create(pod, "c2", "busybox", "true"));
    assertEquals(Status.Code.FAILED_PRECONDITION, late.getStatus().getCode());
    cri.removePod(pod);
    cri.removePod(pod);

    // Then
    for (Runnable call : List.<Runnable>of(() -> cri.status(container), () -> cri.podStatus(pod))) {
      StatusRuntimeException unknown = assertThrows(StatusRuntimeException.class, call::run);
      assertEquals(Status.Code.NOT_FOUND, unknown.getStatus().getCode());
    }
    cri.stop(container, 0);
    cri.remove(container);
  }

  @Test
  void aContainerIsAskedToEndBeforeItIsKilled(Lab lab) {
    Cri cri = Cri.of(lab);
    String pod = cri.run("p1", 0);
    String container =
        cri.create(
            pod, "c1", cri.pull(), "sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.1; done");
    cri.start(container);
    cri.awaitExec(container, "true");

    // When
    cri.stop(container, 20);

    // Then
    assertEquals(7, cri.status(container).getExitCode());
  }

  @Test
  void aCommandInAContainerAnswersWithItsOutputAndItsCode(Lab lab) {
    Cri cri = Cri.of(lab);
    String container = cri.running("sleep 1000");

    // When
    ExecSyncResponse answer = cri.exec(container, 10, "sh", "-c", "echo out; echo err >&2; exit 5");

    // Then
    assertEquals("out\n", answer.getStdout().toStringUtf8());
    assertEquals("err\n", answer.getStderr().toStringUtf8());
    assertEquals(5, answer.getExitCode());
    StatusRuntimeException slow =
        assertThrows(
            StatusRuntimeException.class,
            () -> cri.exec(container, 1, "sh", "-c", "sleep 4711 & sleep 4711"));
    assertEquals(Status.Code.DEADLINE_EXCEEDED, slow.getStatus().getCode());
    String left = cri.exec(container, 10, "ps").getStdout().toStringUtf8();
    assertFalse(left.contains("4711"), left);
  }

  @Test
  void aCommandOfADaemonThatWasKilledDoesNotRunOn(Lab lab) throws Exception {
    Cri cri = Cri.of(lab);
    String container = cri.running("sleep 1000");
    Thread caller =
        Thread.ofVirtual()
            .start(() -> {
              try {
                cri.exec(container, 1000, "sh", "-c", "sleep 4712 & sleep 4712");
              } catch (StatusRuntimeException e) {
                return;
              }
            });
    cri.awaitExec(container, "sh", "-c", "ps | grep -q '[s]leep 4712'");

    // When
    cri.daemon().kill();
    caller.join();
    cri.daemon().start();

    // Then
    Await.until(
        "the end of the command",
        () -> !cri.exec(container, 10, "ps").getStdout().toStringUtf8().contains("4712"));
    assertEquals(ContainerState.CONTAINER_RUNNING, cri.status(container).getState());
  }

  @Test
  void podsAndContainersSurviveTheDaemon(Lab lab) {
    Cri cri = Cri.of(lab);
    String pod = cri.run("p1", 0);
    String image = cri.pull();
    String runs = cri.create(pod, "runs", image, "sleep", "1000");
    cri.start(runs);
    String ends = cri.create(pod, "ends", image, "sh", "-c", "sleep 2; exit 9");
    cri.start(ends);
    String created = cri.create(pod, "created", image, "true");

    // When
    cri.daemon().kill();
    Await.pause(Duration.ofSeconds(3).toNanos());
    cri.daemon().start();

    // Then
    assertEquals(PodSandboxState.SANDBOX_READY, cri.podStatus(pod).getState());
    assertEquals(ContainerState.CONTAINER_RUNNING, cri.status(runs).getState());
    assertEquals(9, cri.awaitEnd(ends).getExitCode());
    assertEquals(ContainerState.CONTAINER_CREATED, cri.status(created).getState());
    cri.start(created);
    assertEquals(0, cri.awaitEnd(created).getExitCode());
    assertEquals("hello\n", cri.exec(runs, 10, "echo", "hello").getStdout().toStringUtf8());
  }

  @Test
  void aPodHasANetworkOfItsOwnThatTheNextDaemonGivesBack(Lab lab) throws Exception {
    String bridge = "cit" + Long.toString(System.nanoTime() % 1_000_000_000L, 36);
    Cri cri = Cri.withNetwork(lab, bridge);
    try {
      Await.until("the network is ready", cri::networkReady);
      String pod = cri.runInNetwork("p1");
      List<String> ips = new ArrayList<>(List.of(cri.podStatus(pod).getNetwork().getIp()));
      cri.podStatus(pod).getNetwork().getAdditionalIpsList().forEach(ip -> ips.add(ip.getIp()));
      assertTrue(
          ips.get(0).startsWith("10.213.7.") && ips.get(1).startsWith("fd00:213:7:"),
          ips::toString);
      String container = cri.create(pod, "c1", cri.pull(), "sleep", "1000");
      cri.start(container);
      String seen = cri.exec(container, 10, "cat", "/proc/net/fib_trie").getStdout().toStringUtf8();
      assertTrue(seen.contains(ips.get(0)) && seen.contains("127.0.0.1"), seen);
      assertEquals(
          "p1\n",
          cri.exec(container, 10, "cat", "/proc/sys/kernel/hostname").getStdout().toStringUtf8());
      Path lease = lab.directory("ipam").resolve(bridge).resolve(ips.get(0));
      assertTrue(Files.exists(lease));

      // When
      cri.daemon().kill();
      cri.daemon().start();
      cri.stopPod(pod);

      // Then
      assertFalse(Files.exists(lease), "the address was not given back");
      cri.removePod(pod);
    } finally {
      Program.of("ip", "link", "del", bridge).run();
    }
  }

  @Test
  void theCgroupDriverOfTheRuntimesOwnTableIsToldAsIsThatOfAHandler(Lab lab) {
    // Given
    TestDaemon daemon =
        lab.newDaemon()
            .config(
                """
                [plugins."io.containerd.runtime.v2.oci"]
                systemd_cgroup = true
                [runtimes.plain]
                binary = "runc"
                [runtimes.plain.options]
                systemd_cgroup = false
                """)
            .start();
    Cri cri = Cri.of(lab, daemon);

    // When
    CgroupDriver told =
        cri.runtime()
            .runtimeConfig(RuntimeConfigRequest.getDefaultInstance())
            .getLinux()
            .getCgroupDriver();
    String shown =
        cri.runtime()
            .status(StatusRequest.newBuilder().setVerbose(true).build())
            .getInfoOrThrow("config");

    // Then
    assertEquals(CgroupDriver.SYSTEMD, told);
    assertTrue(shown.contains("{\"SystemdCgroup\":true}"), shown);
    assertTrue(shown.contains("{\"SystemdCgroup\":false}"), shown);
  }
}
