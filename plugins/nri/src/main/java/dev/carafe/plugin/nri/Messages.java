package dev.carafe.plugin.nri;

import dev.carafe.api.nri.v1alpha1.CDIDevice;
import dev.carafe.api.nri.v1alpha1.Container;
import dev.carafe.api.nri.v1alpha1.ContainerState;
import dev.carafe.api.nri.v1alpha1.LinuxNamespace;
import dev.carafe.api.nri.v1alpha1.LinuxPodSandbox;
import dev.carafe.api.nri.v1alpha1.PodSandbox;
import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import dev.carafe.spi.pods.ContainerFacts;
import dev.carafe.spi.pods.PodFacts;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Pods and containers as NRI tells of them. */
final class Messages {
  private Messages() {}

  static PodSandbox pod(PodFacts pod) {
    LinuxPodSandbox.Builder linux =
        LinuxPodSandbox.newBuilder()
            .setPodOverhead(Limits.read(pod.overhead()))
            .setPodResources(Limits.read(pod.resources()))
            .setCgroupParent(pod.cgroupParent());
    pod.namespaces()
        .forEach((type, path) ->
            linux.addNamespaces(LinuxNamespace.newBuilder().setType(type).setPath(path)));
    return PodSandbox.newBuilder()
        .setId(pod.id())
        .setName(pod.name())
        .setUid(pod.uid())
        .setNamespace(pod.namespace())
        .putAllLabels(pod.labels())
        .putAllAnnotations(pod.annotations())
        .setRuntimeHandler(pod.handler())
        .setLinux(linux)
        .addAllIps(pod.ips())
        .build();
  }

  static Container container(ContainerFacts facts) {
    return container(facts, Json.object("container " + facts.id(), facts.spec()));
  }

  /**
   * The same with another specification.
   *
   * @param spec the OCI runtime specification
   */
  static Container container(ContainerFacts facts, JsonObject spec) {
    Container.Builder container =
        Container.newBuilder()
            .setId(facts.id())
            .setPodSandboxId(facts.podId())
            .setName(facts.name())
            .setState(state(facts.state()))
            .putAllLabels(facts.labels())
            .setPid((int) facts.pid())
            .setCreatedAt(nanos(facts.createdAt()))
            .setStartedAt(nanos(facts.startedAt()));
    ContainerFacts.End end = facts.end();
    if (end != null) {
      container
          .setFinishedAt(nanos(end.at()))
          .setExitCode(end.code())
          .setStatusReason(end.reason())
          .setStatusMessage(end.message());
    }
    facts
        .cdiDevices()
        .forEach(name -> container.addCDIDevices(CDIDevice.newBuilder().setName(name)));
    return SpecReader.into(container, spec, facts.seccomp()).build();
  }

  private static ContainerState state(ContainerFacts.State state) {
    return switch (state) {
      case CREATED -> ContainerState.CONTAINER_CREATED;
      case RUNNING -> ContainerState.CONTAINER_RUNNING;
      case STOPPED -> ContainerState.CONTAINER_STOPPED;
    };
  }

  private static long nanos(@Nullable Instant time) {
    return time == null ? 0 : time.getEpochSecond() * 1_000_000_000L + time.getNano();
  }
}
