package dev.carafe.cri;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.api.cri.v1.ContainerConfig;
import dev.carafe.api.cri.v1.ContainerMetadata;
import dev.carafe.api.cri.v1.IDMapping;
import dev.carafe.api.cri.v1.LinuxPodSandboxConfig;
import dev.carafe.api.cri.v1.LinuxSandboxSecurityContext;
import dev.carafe.api.cri.v1.NamespaceMode;
import dev.carafe.api.cri.v1.NamespaceOption;
import dev.carafe.api.cri.v1.PodSandboxConfig;
import dev.carafe.api.cri.v1.PodSandboxMetadata;
import dev.carafe.api.cri.v1.UserNamespace;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BoundsTest {
  private static PodSandboxConfig.Builder pod() {
    return PodSandboxConfig.newBuilder()
        .setMetadata(PodSandboxMetadata.newBuilder().setName("p").setNamespace("n").setUid("u"));
  }

  private static ContainerConfig container(String log) {
    return ContainerConfig.newBuilder()
        .setMetadata(ContainerMetadata.newBuilder().setName("c"))
        .setLogPath(log)
        .build();
  }

  @Test
  void aPodNeedsNameNamespaceAndUid() {
    assertDoesNotThrow(() -> Bounds.check(pod().build()));
    assertThrows(
        InvalidArgumentException.class, () -> Bounds.check(PodSandboxConfig.getDefaultInstance()));
    assertThrows(
        InvalidArgumentException.class,
        () ->
            Bounds.check(pod().setMetadata(PodSandboxMetadata.newBuilder().setName("p")).build()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "kernel.core_pattern",
        "vm.overcommit_memory",
        "kernel.hostname",
        "net",
        "../net.x"
      })
  void parametersOfTheHostAreRefused(String sysctl) {
    PodSandboxConfig config =
        pod().setLinux(LinuxPodSandboxConfig.newBuilder().putSysctls(sysctl, "1")).build();
    assertThrows(InvalidArgumentException.class, () -> Bounds.check(config));
  }

  @ParameterizedTest
  @ValueSource(strings = {"net.ipv4.ip_forward", "kernel.shm_rmid_forced", "net/ipv4/conf/all/x"})
  void parametersOfTheNamespacesAreTaken(String sysctl) {
    PodSandboxConfig config =
        pod().setLinux(LinuxPodSandboxConfig.newBuilder().putSysctls(sysctl, "1")).build();
    assertDoesNotThrow(() -> Bounds.check(config));
  }

  @Test
  void parametersOfNamespacesThatAreTheHostsAreRefused() {
    for (String sysctl : List.of("net.ipv4.ip_forward", "kernel.shmmax")) {
      NamespaceOption host =
          NamespaceOption.newBuilder()
              .setNetwork(NamespaceMode.NODE)
              .setIpc(NamespaceMode.NODE)
              .build();
      PodSandboxConfig config =
          pod()
              .setLinux(
                  LinuxPodSandboxConfig.newBuilder()
                      .putSysctls(sysctl, "1")
                      .setSecurityContext(
                          LinuxSandboxSecurityContext.newBuilder().setNamespaceOptions(host)))
              .build();
      assertThrows(InvalidArgumentException.class, () -> Bounds.check(config), sysctl);
    }
  }

  private static NamespaceOption users(NamespaceMode mode, IDMapping... mappings) {
    return NamespaceOption.newBuilder()
        .setUsernsOptions(
            UserNamespace.newBuilder()
                .setMode(mode)
                .addAllUids(List.of(mappings))
                .addAllGids(List.of(mappings)))
        .build();
  }

  private static IDMapping mapping(int from) {
    return IDMapping.newBuilder().setContainerId(from).setHostId(1000).setLength(10).build();
  }

  @Test
  void userNamespacesThatMakeNoSenseAreRefused() {
    assertDoesNotThrow(() -> Bounds.checkUserNamespace("pod", users(NamespaceMode.NODE)));
    assertDoesNotThrow(
        () -> Bounds.checkUserNamespace("pod", users(NamespaceMode.POD, mapping(0))));
    for (NamespaceOption wrong :
        List.of(
            users(NamespaceMode.POD, mapping(1)),
            users(NamespaceMode.POD, mapping(0), mapping(0)),
            users(NamespaceMode.POD, mapping(0).toBuilder().setLength(0).build()),
            users(NamespaceMode.POD, mapping(0).toBuilder().setLength(-1).build()),
            users(NamespaceMode.POD),
            users(NamespaceMode.NODE, mapping(0)),
            users(NamespaceMode.CONTAINER),
            users(NamespaceMode.TARGET))) {
      assertThrows(
          InvalidArgumentException.class,
          () -> Bounds.checkUserNamespace("pod", wrong),
          wrong::toString);
    }
  }

  @Test
  void aUserNamespaceGoesWithNoOtherNamespaceOfTheHost() {
    NamespaceOption own = users(NamespaceMode.POD, mapping(0));
    assertDoesNotThrow(() -> Bounds.check(pod(own)));
    for (NamespaceOption shared :
        List.of(
            own.toBuilder().setNetwork(NamespaceMode.NODE).build(),
            own.toBuilder().setPid(NamespaceMode.NODE).build(),
            own.toBuilder().setIpc(NamespaceMode.NODE).build())) {
      assertThrows(InvalidArgumentException.class, () -> Bounds.check(pod(shared)));
    }
  }

  private static PodSandboxConfig pod(NamespaceOption namespaces) {
    return PodSandboxConfig.newBuilder()
        .setMetadata(PodSandboxMetadata.newBuilder().setName("p").setNamespace("n").setUid("u"))
        .setLinux(
            LinuxPodSandboxConfig.newBuilder()
                .setSecurityContext(
                    LinuxSandboxSecurityContext.newBuilder().setNamespaceOptions(namespaces)))
        .build();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/etc/passwd", "../../etc/passwd", "a/../../b", "a\nb"})
  void aLogStaysInThePodsDirectory(String log) {
    assertThrows(InvalidArgumentException.class, () -> Bounds.check(container(log)));
  }
}
