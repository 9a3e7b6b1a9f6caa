package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.api.cri.v1.ContainerState;
import dev.carafe.api.nri.v1alpha1.CDIDevice;
import dev.carafe.api.nri.v1alpha1.ContainerAdjustment;
import dev.carafe.api.nri.v1alpha1.ContainerEviction;
import dev.carafe.api.nri.v1alpha1.ContainerUpdate;
import dev.carafe.api.nri.v1alpha1.CreateContainerRequest;
import dev.carafe.api.nri.v1alpha1.CreateContainerResponse;
import dev.carafe.api.nri.v1alpha1.Empty;
import dev.carafe.api.nri.v1alpha1.KeyValue;
import dev.carafe.api.nri.v1alpha1.Mount;
import dev.carafe.api.nri.v1alpha1.OptionalInt64;
import dev.carafe.api.nri.v1alpha1.POSIXRlimit;
import dev.carafe.api.nri.v1alpha1.RunPodSandboxRequest;
import dev.carafe.api.nri.v1alpha1.StartContainerRequest;
import dev.carafe.api.nri.v1alpha1.SynchronizeRequest;
import dev.carafe.api.nri.v1alpha1.UpdateContainersRequest;
import io.grpc.StatusRuntimeException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Programs that watch pods and containers and adjust containers. */
@ExtendWith(LeakCheck.class)
class NriIT {
  private static String exec(Cri cri, String container, String script) {
    return cri.exec(container, 20, "sh", "-c", script)
        .getStdout()
        .toString(StandardCharsets.UTF_8)
        .strip();
  }

  @Test
  void aPluginIsToldOfTheLifeOfAPodAndItsContainerInItsOrder(Lab lab) throws Exception {
    // Given
    Cri cri = Cri.of(lab);
    NriPlugin plugin = NriPlugin.of(lab, cri.daemon());
    var pid = new AtomicLong();
    plugin.on(
        "StartContainer",
        (StartContainerRequest request) -> {
          pid.set(request.getContainer().getPid());
          return Empty.getDefaultInstance();
        });
    plugin.join("10", "watcher");

    // When
    String pod = cri.run("p1", 0);
    String container = cri.create(pod, "c1", cri.pull(), "true");
    cri.start(container);
    cri.awaitEnd(container);
    Await.until("its end is told", () -> plugin.events().contains("StopContainer"));
    cri.remove(container);
    cri.stopPod(pod);
    cri.stopPod(pod);
    cri.removePod(pod);

    // Then
    assertEquals(
        List.of(
            "Configure",
            "RunPodSandbox",
            "CreateContainer",
            "ValidateContainerAdjustment",
            "PostCreateContainer",
            "StartContainer",
            "PostStartContainer",
            "StopContainer",
            "RemoveContainer",
            "StopPodSandbox",
            "RemovePodSandbox"),
        plugin.events());
    assertTrue(pid.get() > 1);
  }

  @Test
  void whatAPluginWantsOfAContainerIsInTheContainer(Lab lab) throws Exception {
    // Given
    Cri cri = Cri.of(lab);
    Path shared = lab.directory("shared");
    Files.writeString(shared.resolve("file"), "from the host");
    NriPlugin plugin = NriPlugin.of(lab, cri.daemon());
    ContainerAdjustment.Builder wanted =
        ContainerAdjustment.newBuilder()
            .addEnv(KeyValue.newBuilder().setKey("COLOUR").setValue("blue"))
            .addMounts(
                Mount.newBuilder()
                    .setDestination("/shared")
                    .setType("bind")
                    .setSource(shared.toString())
                    .addOptions("rbind")
                    .addOptions("ro"))
            .addRlimits(POSIXRlimit.newBuilder().setType("RLIMIT_NOFILE").setHard(77).setSoft(66));
    wanted
        .getLinuxBuilder()
        .getResourcesBuilder()
        .getMemoryBuilder()
        .setLimit(OptionalInt64.newBuilder().setValue(64 << 20));
    plugin.on(
        "CreateContainer",
        (CreateContainerRequest _) ->
            CreateContainerResponse.newBuilder().setAdjust(wanted).build());
    plugin.join("10", "adjuster");

    // When
    String container = cri.running("sleep 1000");

    // Then
    assertEquals("blue", exec(cri, container, "echo $COLOUR"));
    assertEquals("from the host", exec(cri, container, "cat /shared/file"));
    assertEquals("66", exec(cri, container, "ulimit -n"));
    assertEquals(
        Long.toString(64 << 20),
        Cgroups.read(
            cri.daemon().carafe(), container, "memory/memory.limit_in_bytes", "memory.max"));
  }

  @Test
  void aPluginMayAskForADeviceThatTheKubeletDidNotAskFor(Lab lab) throws Exception {
    // Given
    Path descriptions = lab.directory("cdi");
    Files.writeString(
        descriptions.resolve("vendor.yaml"),
        """
        cdiVersion: "0.6.0"
        kind: vendor.com/thing
        devices:
        - name: a
          containerEdits:
            env: ["THING=a"]
            deviceNodes:
            - path: /dev/thing
              hostPath: /dev/null
        """);
    Cri cri = Cri.with(lab, "cdi_spec_dirs = [\"" + descriptions + "\"]\n");
    NriPlugin plugin = NriPlugin.of(lab, cri.daemon());
    plugin.on(
        "CreateContainer",
        (CreateContainerRequest _) ->
            CreateContainerResponse.newBuilder()
                .setAdjust(
                    ContainerAdjustment.newBuilder()
                        .addCDIDevices(CDIDevice.newBuilder().setName("vendor.com/thing=a")))
                .build());
    plugin.join("10", "devices");

    // When
    String container = cri.running("sleep 1000");

    // Then
    assertEquals("a 1,3", exec(cri, container, "echo $THING $(stat -c %t,%T /dev/thing)"));
    assertEquals("", exec(cri, container, "echo lost > /dev/thing; cat /dev/thing"));
  }

  @Test
  void aPluginsErrorFailsThePodAndLeavesNothingBehind(Lab lab) throws Exception {
    // Given
    Cri cri = Cri.of(lab);
    NriPlugin plugin = NriPlugin.of(lab, cri.daemon());
    var refuses = new AtomicBoolean(true);
    plugin.on(
        "RunPodSandbox",
        (RunPodSandboxRequest _) -> {
          if (refuses.get()) {
            throw new IllegalStateException("not today");
          }
          return Empty.getDefaultInstance();
        });
    plugin.join("10", "moody");

    // When
    var failure = assertThrows(StatusRuntimeException.class, () -> cri.run("p1", 0));

    // Then
    assertTrue(String.valueOf(failure.getMessage()).contains("not today"));
    assertEquals(List.of(), cri.pods());
    assertTrue(plugin.events().contains("RemovePodSandbox"));
    refuses.set(false);
    assertEquals(List.of(cri.run("p1", 0)), cri.pods());
  }

  @Test
  void aPodIsNotListedBeforePluginsHadTheirSay(Lab lab) throws Exception {
    // Given
    Cri cri = Cri.of(lab);
    NriPlugin plugin = NriPlugin.of(lab, cri.daemon());
    var asked = new CountDownLatch(1);
    var answer = new CountDownLatch(1);
    plugin.on(
        "RunPodSandbox",
        (RunPodSandboxRequest _) -> {
          asked.countDown();
          try {
            answer.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return Empty.getDefaultInstance();
        });
    plugin.join("10", "slow");

    // When
    Thread running = Thread.ofVirtual().start(() -> cri.run("p1", 0));
    asked.await();

    // Then
    assertEquals(List.of(), cri.pods());
    answer.countDown();
    running.join();
    assertEquals(1, cri.pods().size());
  }

  @Test
  void aPluginThatHangsIsDroppedAndThePodRuns(Lab lab) throws Exception {
    // Given
    TestDaemon daemon = lab.newDaemon();
    Cri cri = Cri.of(lab, daemon.config("[nri]\nplugin_request_timeout = \"3s\"\n").start());
    NriPlugin plugin = NriPlugin.of(lab, daemon);
    var never = new CountDownLatch(1);
    plugin.on(
        "RunPodSandbox",
        (RunPodSandboxRequest _) -> {
          try {
            never.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return Empty.getDefaultInstance();
        });
    plugin.join("10", "hanging");

    // When
    String pod = cri.run("p1", 0);

    // Then
    assertEquals(List.of(pod), cri.pods());
    Await.until("the plugin is cut off", plugin::isCutOff);
    never.countDown();
  }

  @Test
  void aPluginThatComesToARestartedDaemonLearnsOfEverythingAndMayChangeIt(Lab lab)
      throws Exception {
    // Given
    Cri cri = Cri.of(lab);
    String container = cri.running("sleep 1000");
    cri.daemon().kill();
    cri.daemon().start();
    NriPlugin plugin = NriPlugin.of(lab, cri.daemon());

    // When
    SynchronizeRequest present = plugin.join("10", "late");
    ContainerUpdate.Builder update = ContainerUpdate.newBuilder().setContainerId(container);
    update
        .getLinuxBuilder()
        .getResourcesBuilder()
        .getMemoryBuilder()
        .setLimit(OptionalInt64.newBuilder().setValue(32 << 20));
    // A plugin takes part a moment after it was told what there is.
    Await.until("the plugin takes part", () -> updated(plugin, update.build()));

    // Then
    assertEquals(1, present.getPodsCount());
    assertEquals(container, present.getContainers(0).getId());
    assertEquals(
        Long.toString(32 << 20),
        Cgroups.read(
            cri.daemon().carafe(), container, "memory/memory.limit_in_bytes", "memory.max"));

    // When
    var unused =
        plugin.update(
            UpdateContainersRequest.newBuilder()
                .addEvict(
                    ContainerEviction.newBuilder().setContainerId(container).setReason("test"))
                .build());

    // Then
    assertEquals(ContainerState.CONTAINER_EXITED, cri.awaitEnd(container).getState());
    assertFalse(plugin.isCutOff());
  }

  private static boolean updated(NriPlugin plugin, ContainerUpdate update) {
    try {
      return plugin
              .update(UpdateContainersRequest.newBuilder().addUpdate(update).build())
              .getFailedCount()
          == 0;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
