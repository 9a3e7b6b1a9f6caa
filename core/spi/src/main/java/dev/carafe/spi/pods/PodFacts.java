package dev.carafe.spi.pods;

import java.util.List;
import java.util.Map;

/**
 * A pod as its kubelet wants it, and where it stands.
 *
 * @param handler name of the runtime that its containers run in
 * @param cgroupParent as the kubelet said, or empty
 * @param namespaces files of its namespaces by the OCI runtime specification's names, for example
 *     {@code network}
 * @param ips its addresses, the preferred one first; empty in the host's network
 * @param overhead what it needs beside its containers: {@code linux.resources} in JSON
 * @param resources what its containers may use: {@code linux.resources} in JSON
 */
public record PodFacts(
    String id,
    String name,
    String uid,
    String namespace,
    Map<String, String> labels,
    Map<String, String> annotations,
    String handler,
    String cgroupParent,
    Map<String, String> namespaces,
    List<String> ips,
    byte[] overhead,
    byte[] resources) {
  public PodFacts {
    labels = Map.copyOf(labels);
    annotations = Map.copyOf(annotations);
    namespaces = Map.copyOf(namespaces);
    ips = List.copyOf(ips);
  }
}
