package dev.carafe.cri;

import dev.carafe.api.cri.v1.DNSConfig;
import dev.carafe.api.cri.v1.PodSandboxMetadata;
import dev.carafe.api.cri.v1.PortMapping;
import dev.carafe.cni.Cni;
import dev.carafe.cni.NetworkStatus;
import dev.carafe.cni.PodNetwork;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Networks by CNI plugins. */
record CniNetworks(Cni cni) implements PodNetworks, AutoCloseable {
  @Override
  public Readiness readiness() {
    NetworkStatus status = cni.status("");
    return new Readiness(status.ready(), status.reason(), status.message());
  }

  @Override
  public List<String> setUp(Pod pod, Path namespace) {
    return cni.setUp(network(pod, namespace)).ips();
  }

  @Override
  public void tearDown(Pod pod) {
    cni.tearDown(pod.id());
  }

  @Override
  public void collect(Set<String> live) {
    cni.collect(live);
  }

  @Override
  public void podCidr(String cidr) {
    cni.podCidrs(List.of(cidr.split(",")));
  }

  private static PodNetwork network(Pod pod, Path namespace) {
    PodSandboxMetadata metadata = pod.config().getMetadata();
    DNSConfig dns = pod.config().getDnsConfig();
    Map<String, String> annotations = pod.config().getAnnotationsMap();
    List<PodNetwork.PortMapping> ports = new ArrayList<>();
    for (PortMapping port : pod.config().getPortMappingsList()) {
      ports.add(
          new PodNetwork.PortMapping(
              port.getHostPort(),
              port.getContainerPort(),
              port.getProtocol().name().toLowerCase(java.util.Locale.ROOT),
              port.getHostIp()));
    }
    return new PodNetwork(
        pod.id(),
        metadata.getNamespace(),
        metadata.getName(),
        metadata.getUid(),
        namespace,
        pod.handler(),
        ports,
        PodNetwork.Bandwidth.of(annotations).orElse(null),
        new PodNetwork.Dns(dns.getServersList(), dns.getSearchesList(), dns.getOptionsList()),
        annotations,
        pod.config().getLinux().getCgroupParent());
  }

  @Override
  public void close() {
    cni.close();
  }
}
