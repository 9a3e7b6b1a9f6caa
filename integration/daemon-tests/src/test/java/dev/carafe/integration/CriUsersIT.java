package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.api.cri.v1.ContainerConfig;
import dev.carafe.api.cri.v1.IDMapping;
import dev.carafe.api.cri.v1.LinuxContainerResources;
import dev.carafe.api.cri.v1.Mount;
import dev.carafe.api.cri.v1.NamespaceMode;
import dev.carafe.api.cri.v1.NamespaceOption;
import dev.carafe.api.cri.v1.PodSandboxConfig;
import dev.carafe.api.cri.v1.RunPodSandboxRequest;
import dev.carafe.api.cri.v1.StatusRequest;
import dev.carafe.api.cri.v1.UserNamespace;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Pods with user namespaces. */
@ExtendWith(LeakCheck.class)
class CriUsersIT {
  private static final IDMapping IDS =
      IDMapping.newBuilder().setContainerId(0).setHostId(200_000).setLength(65_536).build();

  private static NamespaceOption.Builder users(IDMapping ids, NamespaceMode pid) {
    return NamespaceOption.newBuilder()
        .setNetwork(NamespaceMode.POD)
        .setPid(pid)
        .setUsernsOptions(
            UserNamespace.newBuilder().setMode(NamespaceMode.POD).addUids(ids).addGids(ids));
  }

  private static String run(Cri cri, NamespaceMode pid) {
    PodSandboxConfig.Builder config = cri.pod("p1", 0).toBuilder().setHostname("p1");
    config.getLinuxBuilder().getSecurityContextBuilder().setNamespaceOptions(users(IDS, pid));
    return cri.runtime()
        .runPodSandbox(RunPodSandboxRequest.newBuilder().setConfig(config).build())
        .getPodSandboxId();
  }

  private static ContainerConfig.Builder container(String image, NamespaceMode pid, String script) {
    ContainerConfig.Builder config = Cri.config("c1", image, "sh", "-c", script);
    Cri.security(config).setNamespaceOptions(users(IDS, pid));
    return config;
  }

  private static Cri cri(Lab lab) throws IOException {
    // As /run is: who is nobody on the host has to get through to the root file system.
    Program.of("chmod", "711", lab.work().toString()).run().ok();
    String bridge = "cu" + lab.namespace().substring(2);
    lab.closeLater(() -> Program.of("ip", "link", "del", bridge).run());
    Cri cri = Cri.withNetwork(lab, bridge);
    Await.until("the network is ready", cri::networkReady);
    return cri;
  }

  private static String exec(Cri cri, String container, String script) {
    var answer = cri.exec(container, 60, "sh", "-c", script);
    assertEquals("", answer.getStderr().toStringUtf8());
    return answer.getStdout().toStringUtf8().strip().replaceAll("[ \\n]+", " ");
  }

  @Test
  void rootOfAPodIsNobodyOnTheHostAndOwnsItsFilesAndItsNetwork(Lab lab) throws IOException {
    // Given
    Cri cri = cri(lab);
    TestImage image =
        TestImage.of(
                ImageStock.busyboxLayer(),
                Layer.of(Entry.dir("/data").owner(7, 8), Entry.file("/data/f", "x").owner(7, 8)))
            .config("Volumes", java.util.Map.of("/data", java.util.Map.of()));
    String name = cri.pull(ImageStock.pushed("users", () -> image).name());
    String pod = run(cri, NamespaceMode.CONTAINER);
    ContainerConfig.Builder config = container(name, NamespaceMode.CONTAINER, "sleep 1000");
    config
        .getLinuxBuilder()
        .setResources(LinuxContainerResources.newBuilder().setMemoryLimitInBytes(32 << 20));

    // When
    String id = cri.create(pod, config.build());
    cri.start(id);

    // Then
    assertEquals("0 200000 65536", exec(cri, id, "cat /proc/self/uid_map").strip());
    assertEquals("0:0 0:0", exec(cri, id, "stat -c %u:%g / /bin/busybox"));
    assertEquals("7:8 7:8", exec(cri, id, "stat -c %u:%g /data /data/f"));
    assertEquals("0:0", exec(cri, id, "touch /new; stat -c %u:%g /new"));
    assertEquals("p1", exec(cri, id, "hostname"));
    assertTrue(
        exec(cri, id, "cat /proc/net/fib_trie").contains(cri.podStatus(pod).getNetwork().getIp()));
    ProcessHandle process = process(lab, id);
    assertEquals(200_000, Files.getAttribute(Path.of("/proc/" + process.pid()), "unix:uid"));
    // CVE-2025-47291: its limits hold.
    assertTrue(
        Leaks.read(Path.of("/proc/" + process.pid() + "/cgroup"))
            .lines()
            .filter(line -> line.contains(":memory:") || line.startsWith("0::/it"))
            .anyMatch(line -> line.contains(lab.namespace()) && line.endsWith(id)));
    cri.removePod(pod);
  }

  private static ProcessHandle process(Lab lab, String container) {
    return ProcessHandle.allProcesses()
        .filter(candidate ->
            Leaks.read(Path.of("/proc/" + candidate.pid() + "/cgroup")).contains(container))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no process of " + container + " in " + lab));
  }

  @Test
  void containersThatShareProcessesShareThePodsUsersAndSurviveTheDaemon(Lab lab)
      throws IOException {
    // Given
    Cri cri = cri(lab);
    String image = cri.pull();
    String pod = run(cri, NamespaceMode.POD);
    String first = cri.create(pod, container(image, NamespaceMode.POD, "sleep 1001").build());
    cri.start(first);

    // When
    cri.daemon().kill();
    cri.daemon().start();
    ContainerConfig.Builder config = container(image, NamespaceMode.POD, "sleep 1002");
    config.getMetadataBuilder().setName("c2");
    String second = cri.create(pod, config.setLogPath("c2/0.log").build());
    cri.start(second);

    // Then
    Await.until("all processes", () -> exec(cri, second, "ps").contains("sleep 1001"));
    assertEquals("0 200000 65536", exec(cri, second, "cat /proc/1/uid_map"));
    cri.removePod(pod);
  }

  @Test
  void aPodsUsersAreThoseOfAllItsContainersAndMountsAreMappedOnlyByRuntimesThatCan(Lab lab)
      throws IOException {
    // Given
    Cri cri = cri(lab);
    String image = cri.pull();
    String pod = run(cri, NamespaceMode.CONTAINER);
    ContainerConfig.Builder other = container(image, NamespaceMode.CONTAINER, "true");
    Cri.security(other)
        .setNamespaceOptions(users(IDS.toBuilder().setHostId(1).build(), NamespaceMode.CONTAINER));
    ContainerConfig mapped =
        container(image, NamespaceMode.CONTAINER, "stat -c %u /v/f; sleep 1000")
            .addMounts(
                Mount.newBuilder()
                    .setHostPath(lab.directory("volume").toString())
                    .setContainerPath("/v")
                    .addUidMappings(IDS)
                    .addGidMappings(IDS))
            .build();
    Files.writeString(lab.directory("volume").resolve("f"), "x");

    // When
    StatusRuntimeException refused =
        assertThrows(StatusRuntimeException.class, () -> cri.create(pod, other.build()));

    // Then
    assertEquals(Status.Code.INVALID_ARGUMENT, refused.getStatus().getCode());
    boolean offered =
        cri.runtime()
            .status(StatusRequest.getDefaultInstance())
            .getRuntimeHandlers(0)
            .getFeatures()
            .getUserNamespaces();
    if (offered) {
      String id = cri.create(pod, mapped);
      cri.start(id);
      assertEquals("0", exec(cri, id, "stat -c %u /v/f"));
    } else {
      StatusRuntimeException cannot =
          assertThrows(StatusRuntimeException.class, () -> cri.create(pod, mapped));
      assertEquals(Status.Code.FAILED_PRECONDITION, cannot.getStatus().getCode());
      assertTrue(
          List.of(cannot.getStatus().getDescription().split(" ")).contains("ids"),
          cannot::toString);
    }
    cri.removePod(pod);
  }
}
