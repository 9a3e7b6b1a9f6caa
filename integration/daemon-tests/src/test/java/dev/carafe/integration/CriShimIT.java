package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.api.cri.v1.ContainerConfig;
import dev.carafe.api.cri.v1.ContainerEventResponse;
import dev.carafe.api.cri.v1.ContainerEventType;
import dev.carafe.api.cri.v1.ContainerState;
import dev.carafe.api.cri.v1.ContainerStatsRequest;
import dev.carafe.api.cri.v1.GetEventsRequest;
import dev.carafe.api.cri.v1.NamespaceMode;
import dev.carafe.api.cri.v1.PodSandboxConfig;
import dev.carafe.api.cri.v1.PodSandboxState;
import dev.carafe.api.cri.v1.PodSandboxStatusRequest;
import dev.carafe.api.cri.v1.ReopenContainerLogRequest;
import dev.carafe.api.cri.v1.RunPodSandboxRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Pods whose sandboxes are made by the runtime's own shim. */
@ExtendWith(LeakCheck.class)
class CriShimIT {
  private final String bridge = "csh" + Long.toString(System.nanoTime() % 1_000_000_000L, 36);
  private Lab lab;
  private BoxedShim.Installed shim;
  private Cri cri;

  @BeforeEach
  void start(Lab lab) throws IOException {
    this.lab = lab;
    shim = BoxedShim.install(lab);
    cri = Cri.withNetwork(lab, bridge, shim.configuration());
    Await.until("the network is ready", cri::networkReady);
  }

  @AfterEach
  void removeTraces() throws IOException {
    shim.removeSockets();
    Program.of("ip", "link", "del", bridge).run();
  }

  private PodSandboxConfig config(String name) {
    PodSandboxConfig.Builder config =
        cri.pod(name, 0).toBuilder()
            .setHostname(name)
            .putAnnotations("io.box.size", "small")
            .putAnnotations("io.other.secret", "x");
    config
        .getLinuxBuilder()
        .getSecurityContextBuilder()
        .getNamespaceOptionsBuilder()
        .setNetwork(NamespaceMode.POD)
        .setPid(NamespaceMode.POD);
    return config.build();
  }

  private String run(PodSandboxConfig config, String handler) {
    return cri.runtime()
        .runPodSandbox(
            RunPodSandboxRequest.newBuilder().setConfig(config).setRuntimeHandler(handler).build())
        .getPodSandboxId();
  }

  private String running(String pod, String name) {
    ContainerConfig.Builder config =
        Cri.config(name, cri.pull(), "sh", "-c", "echo out; exec sleep 1000");
    Cri.security(config)
        .getNamespaceOptionsBuilder()
        .setNetwork(NamespaceMode.POD)
        .setPid(NamespaceMode.POD);
    String container = cri.create(pod, config.build());
    cri.start(container);
    return container;
  }

  private String said(String container, String... command) {
    return cri.exec(container, 10, command).getStdout().toStringUtf8();
  }

  private Path lease(String pod) {
    return lab.directory("ipam").resolve(bridge).resolve(cri.podStatus(pod).getNetwork().getIp());
  }

  private List<String> boxes() {
    return Leaks.processes(lab).stream()
        .filter(one -> one.contains(BoxedShim.class.getName()))
        .toList();
  }

  @Test
  void aPodOfAShimRunsItsContainersInTheShimsSandbox() throws Exception {
    // When
    String pod = run(config("p1"), "boxed");
    String container = running(pod, "c1");

    // Then
    PodSandboxConfig told = shim.config(pod);
    assertEquals("p1", told.getHostname());
    assertEquals(Map.of("io.box.size", "small"), told.getAnnotationsMap());
    assertEquals(
        NamespaceMode.POD, told.getLinux().getSecurityContext().getNamespaceOptions().getPid());
    assertEquals("runtime.v1.PodSandboxConfig", shim.request(pod).getOptions().getTypeUrl());
    Map<String, String> info =
        cri.runtime()
            .podSandboxStatus(
                PodSandboxStatusRequest.newBuilder().setPodSandboxId(pod).setVerbose(true).build())
            .getInfoMap();
    assertTrue(info.get("box").startsWith("process "), info::toString);
    assertTrue(info.get("info").contains("\"sandboxer\":\"shim\""), info::toString);
    assertEquals("p1\n", said(container, "hostname"));
    String ip = cri.podStatus(pod).getNetwork().getIp();
    assertTrue(said(container, "cat", "/proc/net/fib_trie").contains(ip), ip);
    assertTrue(said(container, "cat", "/proc/1/cmdline").startsWith("sleep\0001000000"));
    Await.until(
        "its output is in the log",
        () -> Files.readString(Path.of(cri.status(container).getLogPath())).endsWith("F out\n"));
    assertTrue(
        cri.runtime()
                .containerStats(
                    ContainerStatsRequest.newBuilder().setContainerId(container).build())
                .getStats()
                .getMemory()
                .getWorkingSetBytes()
                .getValue()
            > 0);

    // When
    Path lease = lease(pod);
    assertTrue(Files.exists(lease));
    cri.stopPod(pod);
    cri.stopPod(pod);

    // Then
    assertEquals(PodSandboxState.SANDBOX_NOTREADY, cri.podStatus(pod).getState());
    assertEquals(ContainerState.CONTAINER_EXITED, cri.status(container).getState());
    assertFalse(Files.exists(lease), "the address was not given back");
    cri.removePod(pod);
    cri.removePod(pod);
    assertEquals(List.of(), cri.pods());
    Await.until("the shim has ended", () -> boxes().isEmpty());
  }

  @Test
  void theNextDaemonFindsTheShimsSandboxAgain() throws Exception {
    // Given
    String pod = run(config("p1"), "boxed");
    String container = running(pod, "c1");
    Path lease = lease(pod);

    // When
    cri.daemon().kill();
    cri.daemon().start();

    // Then
    assertEquals(PodSandboxState.SANDBOX_READY, cri.podStatus(pod).getState());
    assertEquals("p1\n", said(container, "hostname"));
    assertEquals("p1\n", said(running(pod, "c2"), "hostname"));
    cri.removePod(pod);
    assertFalse(Files.exists(lease), "the address was not given back");
    Await.until("the shim has ended", () -> boxes().isEmpty());
  }

  @Test
  void aPodWhoseShimIsKilledIsNotReadyAndCanBeRemoved() throws Exception {
    // Given
    String pod = run(config("p1"), "boxed");
    String container = running(pod, "c1");
    Path lease = lease(pod);
    Collection<ContainerEventResponse> events = new ConcurrentLinkedQueue<>();
    Iterator<ContainerEventResponse> source =
        cri.runtime()
            .withDeadlineAfter(5, TimeUnit.MINUTES)
            .getContainerEvents(GetEventsRequest.getDefaultInstance());
    Thread.ofVirtual()
        .start(() -> {
          try {
            source.forEachRemaining(events::add);
          } catch (StatusRuntimeException e) {
            // The test is over.
          }
        });
    ContainerConfig other = Cri.config("other", cri.imageName(), "true").build();
    Await.until(
        "events come",
        () -> {
          cri.create(pod, other);
          return !events.isEmpty();
        });

    // When
    assertTrue(ProcessHandle.of(shim.server(lab, pod)).orElseThrow().destroyForcibly());

    // Then
    Await.until(
        "the pod is not ready",
        () -> cri.podStatus(pod).getState() == PodSandboxState.SANDBOX_NOTREADY);
    cri.awaitEnd(container);
    Await.until(
        "it is told",
        () ->
            events.stream()
                .anyMatch(event ->
                    event.getContainerId().equals(pod)
                        && event.getContainerEventType()
                            == ContainerEventType.CONTAINER_STOPPED_EVENT));
    cri.stopPod(pod);
    assertFalse(Files.exists(lease), "the address was not given back");
    cri.removePod(pod);
    assertEquals(List.of(), cri.pods());
  }

  @Test
  void aPodThatADaemonCouldNotFinishIsReplacedByTheNext() throws Exception {
    // Given
    Files.createFile(shim.hold());
    Thread caller =
        Thread.ofVirtual()
            .start(() -> {
              try {
                run(config("p1"), "boxed");
              } catch (StatusRuntimeException e) {
                return;
              }
            });
    Await.until("a shim starts", () -> Files.exists(shim.held()));

    // When
    cri.daemon().kill();
    caller.join();
    Files.delete(shim.hold());
    cri.daemon().start();
    String pod = run(config("p1"), "boxed");

    // Then
    assertEquals(List.of(pod), cri.pods());
    assertEquals("p1\n", said(running(pod, "c1"), "hostname"));
    Path boxes =
        cri.daemon().state().resolve("io.containerd.sandbox.controller.v1.shim").resolve("k8s.io");
    Await.until("the unfinished one has been cleaned up", () -> Leaks.list(boxes).size() == 1);
    cri.removePod(pod);
    assertEquals(
        List.of(),
        Leaks.list(lab.directory("ipam").resolve(bridge)).stream()
            .map(file -> file.getFileName().toString())
            .filter(name -> name.startsWith("10.") || name.startsWith("fd"))
            .toList());
  }

  @Test
  void aSandboxThatDoesNotStopIsKilledAlsoWhenADaemonDiedOverIt() throws Exception {
    // Given
    String pod = run(config("p1"), "boxed");
    Path lease = lease(pod);
    Files.writeString(shim.deaf(), "hang");
    Thread caller =
        Thread.ofVirtual()
            .start(() -> {
              try {
                cri.stopPod(pod);
              } catch (StatusRuntimeException e) {
                return;
              }
            });
    Await.until("the sandbox is to stop", () -> Files.exists(shim.asked()));

    // When
    cri.daemon().kill();
    caller.join();
    assertTrue(Files.exists(lease), "the network went before the sandbox");
    Files.writeString(shim.deaf(), "refuse");
    cri.daemon().start();
    cri.stopPod(pod);

    // Then
    assertEquals(PodSandboxState.SANDBOX_NOTREADY, cri.podStatus(pod).getState());
    assertFalse(Files.exists(lease), "the address was not given back");
    Await.until("the shim has ended", () -> boxes().isEmpty());
    cri.removePod(pod);
    assertEquals(List.of(), cri.pods());
  }

  @Test
  void containersOfAShimWithoutSandboxesWriteTheKubeletsLogAcrossItsRotationAndAKill()
      throws Exception {
    // Given
    String pod = run(config("p1"), "plain");
    String container =
        cri.create(
            pod,
            Cri.config(
                    "c1",
                    cri.pull(),
                    "sh",
                    "-c",
                    "echo one; for i in 2 3 4; do while [ ! -e /$i ]; do sleep 0.05; done; echo $i; done")
                .build());
    cri.start(container);
    Path log = Path.of(cri.status(container).getLogPath());
    awaitLog(log, "one");

    // When
    Path rotated = Files.move(log, log.resolveSibling("0.log.1"));
    cri.runtime()
        .reopenContainerLog(
            ReopenContainerLogRequest.newBuilder().setContainerId(container).build());
    said(container, "touch", "/2");
    awaitLog(log, "2");
    said(container, "touch", "/3");
    awaitLog(log, "2", "3");
    cri.daemon().kill();
    cri.daemon().start();
    said(container, "touch", "/4");

    // Then
    assertEquals(0, cri.awaitEnd(container).getExitCode());
    awaitLog(log, "2", "3", "4");
    awaitLog(rotated, "one");
    cri.removePod(pod);
  }

  private static void awaitLog(Path log, String... lines) {
    Await.until(
        List.of(lines) + " in " + log,
        () ->
            Files.readAllLines(log).stream()
                .map(line -> line.substring(line.indexOf("stdout F ") + 9))
                .toList()
                .equals(List.of(lines)));
  }

  @Test
  void aRuntimeWithoutAShimAndAWrongWordAreRefusedByTheNameOfTheKey() {
    // Given
    cri.daemon().stop();
    cri.daemon().config("[cri.handlers.runc]\nsandboxer = \"shim\"\n").start();

    // When
    StatusRuntimeException refused =
        assertThrows(StatusRuntimeException.class, () -> cri.runIn("p1", "runc"));

    // Then
    assertEquals(Status.Code.INVALID_ARGUMENT, refused.getStatus().getCode());
    assertTrue(
        refused.getMessage().contains("[cri.handlers.runc] sandboxer = \"shim\""),
        refused.getMessage());
    cri.daemon().stop();
    Result wrong =
        cri.daemon().config("[cri.handlers.boxed]\nsandboxer = \"kata\"\n").program().run();
    assertFalse(wrong.code() == 0);
    assertTrue(
        wrong.err().contains("sandboxer: \"kata\" is none of podsandbox, shim"), wrong.err());
    cri.daemon().config("").start();
  }
}
