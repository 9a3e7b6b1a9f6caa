package dev.carafe.cri;

import dev.carafe.api.cri.v1.Container;
import dev.carafe.api.cri.v1.ContainerEventResponse;
import dev.carafe.api.cri.v1.ContainerEventType;
import dev.carafe.api.cri.v1.ContainerFilter;
import dev.carafe.api.cri.v1.ContainerResources;
import dev.carafe.api.cri.v1.ContainerStatus;
import dev.carafe.api.cri.v1.ContainerUser;
import dev.carafe.api.cri.v1.ImageSpec;
import dev.carafe.api.cri.v1.LinuxContainerUser;
import dev.carafe.api.cri.v1.LinuxPodSandboxStatus;
import dev.carafe.api.cri.v1.Namespace;
import dev.carafe.api.cri.v1.PodIP;
import dev.carafe.api.cri.v1.PodSandbox;
import dev.carafe.api.cri.v1.PodSandboxFilter;
import dev.carafe.api.cri.v1.PodSandboxNetworkStatus;
import dev.carafe.api.cri.v1.PodSandboxState;
import dev.carafe.api.cri.v1.PodSandboxStatus;
import dev.carafe.api.cri.v1.Signal;
import dev.carafe.cri.CriContainer.Exit;
import dev.carafe.oci.SignalNames;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** Pods and containers as CRI's messages. */
final class Views {
  private Views() {}

  private static PodSandboxState state(Pod pod) {
    return pod.ready() ? PodSandboxState.SANDBOX_READY : PodSandboxState.SANDBOX_NOTREADY;
  }

  static PodSandbox listed(Pod pod) {
    return PodSandbox.newBuilder()
        .setId(pod.id())
        .setMetadata(pod.config().getMetadata())
        .setState(state(pod))
        .setCreatedAt(Stats.nanos(pod.createdAt()))
        .putAllLabels(pod.config().getLabelsMap())
        .putAllAnnotations(pod.config().getAnnotationsMap())
        .setRuntimeHandler(pod.handler())
        .build();
  }

  static PodSandboxStatus status(Pod pod) {
    PodSandboxNetworkStatus.Builder network = PodSandboxNetworkStatus.newBuilder();
    if (!pod.ips().isEmpty()) {
      network.setIp(pod.ips().getFirst());
      pod.ips().stream()
          .skip(1)
          .forEach(ip -> network.addAdditionalIps(PodIP.newBuilder().setIp(ip)));
    }
    return PodSandboxStatus.newBuilder()
        .setId(pod.id())
        .setMetadata(pod.config().getMetadata())
        .setState(state(pod))
        .setCreatedAt(Stats.nanos(pod.createdAt()))
        .setNetwork(network)
        .setLinux(
            LinuxPodSandboxStatus.newBuilder()
                .setNamespaces(
                    Namespace.newBuilder()
                        .setOptions(
                            pod.config().getLinux().getSecurityContext().getNamespaceOptions())))
        .putAllLabels(pod.config().getLabelsMap())
        .putAllAnnotations(pod.config().getAnnotationsMap())
        .setRuntimeHandler(pod.handler())
        .build();
  }

  static List<PodSandbox> pods(Records records, PodSandboxFilter filter) {
    return records.settledPods().stream()
        .filter(pod ->
            (filter.getId().isEmpty() || pod.id().startsWith(filter.getId()))
                && (!filter.hasState() || filter.getState().getState() == state(pod))
                && matches(filter.getLabelSelectorMap(), pod.config().getLabelsMap()))
        .sorted(Comparator.comparing(Pod::createdAt).reversed().thenComparing(Pod::id))
        .map(records::listed)
        .toList();
  }

  static boolean matches(Map<String, String> wanted, Map<String, String> labels) {
    return wanted.entrySet().stream()
        .allMatch(label -> label.getValue().equals(labels.get(label.getKey())));
  }

  static List<Container> containers(Records records, ContainerFilter filter) {
    return records.containers().stream()
        .filter(container ->
            (filter.getId().isEmpty() || container.id().startsWith(filter.getId()))
                && (filter.getPodSandboxId().isEmpty()
                    || container.podId().startsWith(filter.getPodSandboxId()))
                && (!filter.hasState() || filter.getState().getState() == container.state())
                && matches(filter.getLabelSelectorMap(), container.config().getLabelsMap()))
        .sorted(
            Comparator.comparing(CriContainer::createdAt)
                .reversed()
                .thenComparing(CriContainer::id))
        .map(records::listed)
        .toList();
  }

  static Container listed(CriContainer container) {
    return Container.newBuilder()
        .setId(container.id())
        .setPodSandboxId(container.podId())
        .setMetadata(container.config().getMetadata())
        .setImage(container.config().getImage())
        .setImageRef(container.imageId())
        .setImageId(container.imageId())
        .setState(container.state())
        .setCreatedAt(Stats.nanos(container.createdAt()))
        .putAllLabels(container.config().getLabelsMap())
        .putAllAnnotations(container.config().getAnnotationsMap())
        .build();
  }

  static ContainerStatus status(CriContainer container) {
    ImageSpec image = container.config().getImage();
    String shown =
        image.getUserSpecifiedImage().isEmpty() ? image.getImage() : image.getUserSpecifiedImage();
    ContainerStatus.Builder status =
        ContainerStatus.newBuilder()
            .setId(container.id())
            .setMetadata(container.config().getMetadata())
            .setState(container.state())
            .setCreatedAt(Stats.nanos(container.createdAt()))
            .setImage(image.toBuilder().setImage(shown))
            .setImageRef(container.imageId())
            .setImageId(container.imageId())
            .putAllLabels(container.config().getLabelsMap())
            .putAllAnnotations(container.config().getAnnotationsMap())
            .addAllMounts(container.config().getMountsList())
            .setLogPath(container.logPath())
            .setResources(
                ContainerResources.newBuilder()
                    .setLinux(container.config().getLinux().getResources()))
            .setUser(
                ContainerUser.newBuilder()
                    .setLinux(
                        LinuxContainerUser.newBuilder()
                            .setUid(container.user().uid())
                            .setGid(container.user().gid())
                            .addAllSupplementalGroups(container.user().additionalGids())))
            .setStopSignal(signal(container.stopSignal()));
    Instant started = container.startedAt();
    if (started != null) {
      status.setStartedAt(Stats.nanos(started));
    }
    Exit exit = container.exit();
    if (exit != null) {
      status
          .setFinishedAt(Stats.nanos(exit.at()))
          .setExitCode(exit.code())
          .setReason(exit.reason())
          .setMessage(exit.message());
    }
    return status.build();
  }

  private static Signal signal(int number) {
    for (Signal signal : Signal.values()) {
      if (signal != Signal.UNRECOGNIZED
          && SignalNames.number(signal.name()).equals(OptionalInt.of(number))) {
        return signal;
      }
    }
    return Signal.RUNTIME_DEFAULT;
  }

  static ContainerEventResponse event(
      Records records, String containerId, String podId, ContainerEventType type) {
    ContainerEventResponse.Builder event =
        ContainerEventResponse.newBuilder()
            .setContainerId(containerId)
            .setContainerEventType(type)
            .setCreatedAt(Stats.nanos(Instant.now()));
    Pod pod = records.findPod(podId);
    if (pod != null) {
      event.setPodSandboxStatus(status(pod));
      records.containersOf(podId).forEach(c -> event.addContainersStatuses(status(c)));
    }
    return event.build();
  }
}
