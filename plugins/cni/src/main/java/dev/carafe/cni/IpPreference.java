package dev.carafe.cni;

/** Which of a pod's addresses comes first. */
public enum IpPreference {
  /** IPv4 addresses first. */
  IPV4,
  /** IPv6 addresses first. */
  IPV6,
  /** As the network's plugins returned them. */
  CNI
}
