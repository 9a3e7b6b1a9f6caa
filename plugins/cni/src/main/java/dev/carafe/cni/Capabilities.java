package dev.carafe.cni;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a pod has to say to plugins, by the capability that they must declare to hear it. */
final class Capabilities {
  private Capabilities() {}

  /** Values that are empty are left out. */
  static Map<String, Object> of(PodNetwork pod, List<String> podCidrs) {
    Map<String, Object> values = new LinkedHashMap<>();
    put(values, "portMappings", ports(pod));
    PodNetwork.Bandwidth bandwidth = pod.bandwidth();
    if (bandwidth != null) {
      put(values, "bandwidth", bandwidth(bandwidth));
    }
    put(
        values,
        "ipRanges",
        podCidrs.stream().map(cidr -> List.of(Map.of("subnet", cidr))).toList());
    if (!pod.dns().isEmpty()) {
      Map<String, Object> dns = new LinkedHashMap<>();
      dns.put("servers", pod.dns().servers());
      dns.put("searches", pod.dns().searches());
      dns.put("options", pod.dns().options());
      values.put("dns", dns);
    }
    put(values, "io.kubernetes.cri.pod-annotations", pod.annotations());
    put(values, "podAnnotations", pod.annotations());
    if (!pod.cgroupPath().isEmpty()) {
      values.put("cgroupPath", pod.cgroupPath());
    }
    return values;
  }

  private static List<Object> ports(PodNetwork pod) {
    List<Object> ports = new ArrayList<>();
    for (PodNetwork.PortMapping port : pod.ports()) {
      if (port.hostPort() != 0) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("hostPort", port.hostPort());
        json.put("containerPort", port.containerPort());
        json.put("protocol", port.protocol());
        json.put("hostIP", port.hostIp());
        ports.add(json);
      }
    }
    return ports;
  }

  /** A direction without a rate has no limit. Plugins refuse a rate without a burst. */
  private static Map<String, Object> bandwidth(PodNetwork.Bandwidth bandwidth) {
    Map<String, Object> json = new LinkedHashMap<>();
    if (bandwidth.ingressRate() > 0) {
      json.put("ingressRate", bandwidth.ingressRate());
      json.put("ingressBurst", burst(bandwidth.ingressBurst()));
    }
    if (bandwidth.egressRate() > 0) {
      json.put("egressRate", bandwidth.egressRate());
      json.put("egressBurst", burst(bandwidth.egressBurst()));
    }
    return json;
  }

  private static long burst(long bits) {
    return bits == 0 ? Integer.MAX_VALUE : bits;
  }

  private static void put(Map<String, Object> values, String name, List<?> list) {
    if (!list.isEmpty()) {
      values.put(name, list);
    }
  }

  private static void put(Map<String, Object> values, String name, Map<String, ?> map) {
    if (!map.isEmpty()) {
      values.put(name, map);
    }
  }
}
