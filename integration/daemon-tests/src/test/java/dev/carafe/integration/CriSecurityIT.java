package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.api.cri.v1.ContainerConfig;
import dev.carafe.api.cri.v1.Int64Value;
import dev.carafe.api.cri.v1.KeyValue;
import dev.carafe.api.cri.v1.SecurityProfile;
import dev.carafe.api.services.containers.v1.ContainersGrpc;
import dev.carafe.api.services.containers.v1.GetContainerRequest;
import dev.carafe.integration.ImageStock.Stocked;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What once went wrong in other runtimes, through the kubelet's interface. */
@ExtendWith(LeakCheck.class)
class CriSecurityIT {
  private static String output(Cri cri, String container, String script) {
    return cri.exec(container, 20, "sh", "-c", script).getStdout().toStringUtf8().strip();
  }

  private static String started(Cri cri, String pod, ContainerConfig.Builder config) {
    String container = cri.create(pod, config.build());
    cri.start(container);
    return container;
  }

  private static Stocked image(String name, Map<String, Object> config, Layer... more) {
    return ImageStock.pushed(
        name,
        () -> {
          List<Layer> layers = new ArrayList<>(List.of(ImageStock.busyboxLayer()));
          layers.addAll(List.of(more));
          TestImage image = TestImage.of(layers);
          for (Map.Entry<String, Object> entry : config.entrySet()) {
            image = image.config(entry.getKey(), entry.getValue());
          }
          return image;
        });
  }

  private static void assertRefused(Cri cri, String pod, ContainerConfig config) {
    StatusRuntimeException refused =
        assertThrows(StatusRuntimeException.class, () -> cri.create(pod, config));
    assertTrue(
        List.of(Status.Code.INVALID_ARGUMENT, Status.Code.RESOURCE_EXHAUSTED)
            .contains(refused.getStatus().getCode()),
        refused::toString);
  }

  @Test
  void cve202121334VariablesOfContainersMadeAtTheSameTimeStayApart(Lab lab) throws Exception {
    Cri cri = Cri.of(lab);
    String pod = cri.run("p1", 0);
    String image = cri.pull();
    List<Callable<String>> work = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      String name = "c" + i;
      work.add(() -> {
        String container =
            cri.create(
                pod,
                Cri.config(name, image, "sh", "-c", "echo own=$OWN $(env | grep -c OTHER)")
                    .addEnvs(variable("OWN", name))
                    .addEnvs(variable("OTHER_" + name, "x"))
                    .build());
        cri.start(container);
        return Files.readString(Path.of(cri.awaitEnd(container).getLogPath()));
      });
    }
    try (var pool = Executors.newFixedThreadPool(4)) {
      List<Future<String>> logs = pool.invokeAll(work);
      for (int i = 0; i < logs.size(); i++) {
        String log = logs.get(i).get();
        assertTrue(log.endsWith(" stdout F own=c" + i + " 1\n"), log);
      }
    }
  }

  private static KeyValue variable(String name, String value) {
    return KeyValue.newBuilder()
        .setKey(name)
        .setValue(com.google.protobuf.ByteString.copyFromUtf8(value))
        .build();
  }

  @Test
  void cve202223648AVolumeOfAnImageShowsNothingOfTheHost(Lab lab) throws Exception {
    Cri cri = Cri.of(lab);
    Path secret = lab.directory("secret");
    Files.writeString(secret.resolve("key"), "of the host");
    Stocked hostile =
        image(
            "cve-2022-23648",
            Map.of(
                "Volumes",
                Map.of(
                    "/../../../../../.." + secret, Map.of(), "/link", Map.of(), "/mine", Map.of())),
            Layer.of(
                Entry.symlink("/link", secret.toString()),
                Entry.dir("/mine").mode(0750).owner(65534, 65534),
                Entry.file("/mine/file", "of the image")));
    String id = cri.pull(hostile.name());
    String container = started(cri, cri.run("p1", 0), Cri.config("c1", id, "sleep", "1000"));

    // Then
    assertEquals("", output(cri, container, "cat /link/key " + secret + "/key 2>/dev/null"));
    assertEquals("of the image", output(cri, container, "cat /mine/file"));
    assertEquals("750 65534", output(cri, container, "stat -c '%a %u' /mine"));
    output(cri, container, "echo changed >/mine/file");
    assertEquals("changed", output(cri, container, "cat /mine/file"));
    cri.remove(container);
  }

  @Test
  void cve202224769AndCve202227652NoCapabilityIsInherited(Lab lab) {
    Cri cri = Cri.of(lab);
    String container = cri.running("sleep 1000");
    assertEquals("CapInh:\t0000000000000000", output(cri, container, "grep CapInh /proc/1/status"));
    assertEquals(
        "CapInh:\t0000000000000000", output(cri, container, "grep CapInh /proc/self/status"));
  }

  @Test
  void cve202231030AndCve20221708OutputOfACommandIsBounded(Lab lab) {
    Cri cri = Cri.with(lab, "exec_output_limit = 1000\n");
    String container = cri.running("sleep 1000");
    var answer =
        cri.exec(container, 60, "sh", "-c", "head -c 3000000 /dev/zero; echo err >&2; exit 3");
    assertEquals(1000, answer.getStdout().size());
    assertEquals("err\n", answer.getStderr().toStringUtf8());
    assertEquals(3, answer.getExitCode());
  }

  @Test
  void cve202325173AndCve20222995TheGroupsHoldThePrimaryOneAndNoneOfTheHosts(Lab lab) {
    Cri cri = Cri.of(lab);
    String pod = cri.run("p1", 0);
    ContainerConfig.Builder config = Cri.config("c1", cri.pull(), "sleep", "1000");
    Cri.security(config)
        .setRunAsUser(Int64Value.newBuilder().setValue(1000))
        .setRunAsGroup(Int64Value.newBuilder().setValue(3000))
        .addSupplementalGroups(4000);
    String container = started(cri, pod, config);
    assertEquals(
        "Groups:\t3000 4000", output(cri, container, "grep Groups /proc/1/status").strip());
  }

  @Test
  void cve202440635AndCve202646680AUserThatIsNoIdIsNoName(Lab lab) {
    Cri cri = Cri.of(lab);
    String pod = cri.run("p1", 0);
    for (String user : List.of("4294967296", "4294967296:0", "2147483648:1", "-1")) {
      String name = "cve-2024-40635-" + Math.abs(user.hashCode());
      Stocked hostile =
          image(
              name,
              Map.of("User", user),
              Layer.of(Entry.file("/etc/passwd", user + ":x:0:0::/:/bin/sh\n")));
      String id = cri.pull(hostile.name());
      assertRefused(cri, pod, Cri.config("c1", id, "true").build());
    }
  }

  @Test
  void cve202647262AndCve20254437AHugePasswdFileIsNotRead(Lab lab) {
    Cri cri = Cri.of(lab);
    Stocked hostile =
        image(
            "cve-2026-47262",
            Map.of("User", "someone"),
            Layer.of(Entry.file("/etc/passwd", new byte[11 << 20])));
    String id = cri.pull(hostile.name());
    assertRefused(cri, cri.run("p1", 0), Cri.config("c1", id, "true").build());
  }

  @Test
  void cve202653488LabelsOfAnImageMakeTheDaemonDoNothing(Lab lab) {
    Cri cri = Cri.of(lab);
    Stocked hostile =
        image(
            "cve-2026-53488",
            Map.of(
                "Labels",
                Map.of(
                    "containerd.io/restart.status", "running",
                    "containerd.io/restart.loguri", "binary:///bin/touch?/tmp/cve",
                    "io.cri-containerd.kind", "sandbox",
                    "mine", "kept")));
    String id = cri.pull(hostile.name());
    String container = cri.create(cri.run("p1", 0), Cri.config("c1", id, "true").build());

    // Then
    Map<String, String> labels =
        ContainersGrpc.newBlockingStub(cri.daemon().api().in("k8s.io"))
            .get(GetContainerRequest.newBuilder().setId(container).build())
            .getContainer()
            .getLabelsMap();
    assertEquals("kept", labels.get("mine"));
    assertEquals("container", labels.get("io.cri-containerd.kind"));
    assertFalse(labels.keySet().stream().anyMatch(name -> name.startsWith("containerd.io/")));
  }

  @Test
  void cve202653495ChildrenOfACommandThatEndedHoldNobodyUp(Lab lab) {
    Cri cri = Cri.with(lab, "exec_drain = \"100ms\"\n");
    String container = cri.running("sleep 1000");
    assertEquals("here", output(cri, container, "sleep 4713 & echo here"));
    assertTrue(output(cri, container, "ps").contains("sleep 4713"));
  }

  @Test
  void cve20243154AndCve20236476AnnotationsReachTheRuntimeByPermissionOnly(Lab lab) {
    String property = "org.systemd.property.ExecStopPost";
    Cri cri =
        Cri.with(
            lab,
            """
            [cri.handlers.runc]
            container_annotations = ["allowed/*"]
            """);
    ContainerConfig config =
        Cri.config("c1", cri.pull(), "true")
            .putAnnotations(property, "'touch /tmp/cve'")
            .putAnnotations("run.oci.handler", "krun")
            .putAnnotations("allowed/one", "yes")
            .build();
    String container = cri.create(cri.run("p1", 0), config);

    // Then
    String spec =
        ContainersGrpc.newBlockingStub(cri.daemon().api().in("k8s.io"))
            .get(GetContainerRequest.newBuilder().setId(container).build())
            .getContainer()
            .getSpec()
            .getValue()
            .toStringUtf8();
    assertTrue(spec.contains("\"allowed/one\":\"yes\""), spec);
    assertFalse(spec.contains(property) || spec.contains("run.oci.handler"), spec);
    assertEquals("yes", cri.status(container).getAnnotationsMap().get("allowed/one"));
  }

  @Test
  void cve20224318AndCve202615809AVariableAddsNoUser(Lab lab) {
    Cri cri = Cri.of(lab);
    String pod = cri.run("p1", 0);
    ContainerConfig.Builder config =
        Cri.config("c1", cri.pull(), "sleep", "1000")
            .addEnvs(variable("HOME", "/root\nevil::0:0::/:/bin/sh"));
    Cri.security(config).setRunAsUser(Int64Value.newBuilder().setValue(4242));
    String container = started(cri, pod, config);
    assertEquals("2", output(cri, container, "wc -l </etc/passwd"));
  }

  @Test
  void cve201914891TheMonitorIsNotInThePodsCgroup(Lab lab) throws IOException {
    Cri cri = Cri.of(lab);
    String container = cri.running("sleep 1000");
    List<Path> monitors = new ArrayList<>();
    try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
      for (Path process : processes.filter(p -> p.toString().matches("/proc/\\d+")).toList()) {
        String line = text(process.resolve("cmdline")).replace('\0', ' ');
        if (line.startsWith("/usr/bin/conmon ") && line.contains(container)) {
          monitors.add(process);
        }
      }
    }
    assertEquals(1, monitors.size());
    String cgroup = text(monitors.getFirst().resolve("cgroup"));
    assertFalse(cgroup.contains(container) || cgroup.contains(lab.namespace()), cgroup);
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return "";
    }
  }

  @Test
  void cve202141103AndCve202425621DirectoriesAreRootsOwn(Lab lab) throws IOException {
    Cri cri = Cri.of(lab);
    cri.running("sleep 1000");
    assertEquals("rwx------", mode(cri.daemon().root()));
    Path state = cri.daemon().state().resolve("io.containerd.cri.v1.runtime");
    assertEquals("rwx------", mode(state));
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  void theDefaultSeccompProfileForbidsMountsAlsoToRoot(Lab lab) {
    Cri cri = Cri.of(lab);
    String pod = cri.run("p1", 0);
    ContainerConfig.Builder config = Cri.config("c1", cri.pull(), "sleep", "1000");
    Cri.security(config).setSeccomp(SecurityProfile.getDefaultInstance());
    String container = started(cri, pod, config);
    assertEquals("Seccomp:\t2", output(cri, container, "grep Seccomp: /proc/1/status"));
    ContainerConfig.Builder none = Cri.config("c2", cri.pull(), "sleep", "1000");
    assertEquals(
        "Seccomp:\t0", output(cri, started(cri, pod, none), "grep Seccomp: /proc/1/status"));
  }
}
