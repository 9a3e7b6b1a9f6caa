package dev.carafe.plugin.nri;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.carafe.api.nri.v1alpha1.Container;
import dev.carafe.api.nri.v1alpha1.ContainerAdjustment;
import dev.carafe.api.nri.v1alpha1.ContainerState;
import dev.carafe.api.nri.v1alpha1.LinuxSchedulerPolicy;
import dev.carafe.api.nri.v1alpha1.PodSandbox;
import dev.carafe.api.nri.v1alpha1.SecurityProfile.ProfileType;
import dev.carafe.api.nri.v1alpha1.SynchronizeRequest;
import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MessagesTest {
  @Test
  void aPodIsToldWithItsNetworkAndLimits() {
    // When
    PodSandbox pod = Messages.pod(Facts.pod(Map.of("a", "b")));

    // Then
    assertEquals("web", pod.getName());
    assertEquals(Map.of("a", "b"), pod.getAnnotationsMap());
    assertEquals(List.of("10.0.0.2"), pod.getIpsList());
    assertEquals("/pods", pod.getLinux().getCgroupParent());
    assertEquals("/run/ns", pod.getLinux().getNamespaces(0).getPath());
    assertEquals(2, pod.getLinux().getPodResources().getCpu().getShares().getValue());
    assertFalse(pod.getLinux().getPodOverhead().getCpu().hasShares());
  }

  @Test
  void aContainerIsToldAsItsSpecificationHasIt() {
    // When
    Container container = Messages.container(Facts.container("c1"));

    // Then
    assertEquals(ContainerState.CONTAINER_CREATED, container.getState());
    assertEquals("main", container.getName());
    assertEquals(List.of("sh"), container.getArgsList());
    assertEquals(List.of("PATH=/bin", "A=1"), container.getEnvList());
    assertEquals("/srv", container.getMounts(1).getSource());
    assertEquals(Map.of("kept", "k", "gone", "g"), container.getAnnotationsMap());
    assertEquals(-1, container.getRlimits(0).getHard());
    assertEquals(List.of(5), container.getUser().getAdditionalGidsList());
    assertEquals(7_000_000_000L, container.getCreatedAt());
    var linux = container.getLinux();
    assertEquals(1000, linux.getResources().getMemory().getLimit().getValue());
    assertFalse(linux.getResources().getMemory().hasReservation());
    assertEquals(438, linux.getDevices(0).getFileMode().getValue());
    assertEquals("/pods/c1", linux.getCgroupsPath());
    assertEquals(10, linux.getOomScoreAdj().getValue());
    assertEquals(Map.of("net.ipv4.ip_forward", "1"), linux.getSysctlMap());
    assertEquals(ProfileType.UNCONFINED, linux.getSeccompProfile().getProfileType());
  }

  @Test
  void whatOnePluginSetIsWhatTheNextIsTold() {
    // Given
    JsonObject spec = Facts.spec();
    ContainerAdjustment.Builder wanted = ContainerAdjustment.newBuilder();
    wanted
        .getLinuxBuilder()
        .getSchedulerBuilder()
        .setPolicy(LinuxSchedulerPolicy.SCHED_DEADLINE)
        .setRuntime(-2);
    wanted.getLinuxBuilder().getSeccompPolicyBuilder().setDefaultAction("SCMP_ACT_ALLOW");
    wanted.getLinuxBuilder().getRdtBuilder().getClosIdBuilder().setValue("gold");

    // When
    new SpecEditor(spec.members()).apply(wanted.build());
    Container container =
        Messages.container(
            Facts.container("c1", "{}", "localhost/profile.json"),
            Json.object("spec", Json.bytes(spec.members())));

    // Then
    assertEquals(wanted.getLinux().getScheduler(), container.getLinux().getScheduler());
    assertEquals(wanted.getLinux().getSeccompPolicy(), container.getLinux().getSeccompPolicy());
    assertEquals(wanted.getLinux().getRdt(), container.getLinux().getRdt());
    assertEquals("profile.json", container.getLinux().getSeccompProfile().getLocalhostRef());
  }

  @Test
  void whatThereIsComesInMessagesThatAreSmallEnough() {
    // Given
    List<Container> containers = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      containers.add(Messages.container(Facts.container("c" + i)));
    }
    List<PodSandbox> pods = List.of(Messages.pod(Facts.pod(Map.of())));
    int most = 3 * containers.getFirst().getSerializedSize();

    // When
    List<SynchronizeRequest> messages = Snapshot.of(pods, containers, most);

    // Then
    assertEquals(4, messages.size());
    assertEquals(
        List.of(true, true, true, false),
        messages.stream().map(SynchronizeRequest::getMore).toList());
    assertEquals(
        containers, messages.stream().flatMap(m -> m.getContainersList().stream()).toList());
    assertEquals(1, messages.getFirst().getPodsCount());
    assertEquals(1, Snapshot.of(List.of(), List.of(), most).size());
  }
}
