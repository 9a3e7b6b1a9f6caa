package dev.carafe.cri;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** Gives pods their network: CNI. */
interface PodNetworks {
  /** Whether pods can be given a network, else why not. */
  record Readiness(boolean ready, String reason, String message) {}

  Readiness readiness();

  /**
   * Sets a pod's network up; all or nothing.
   *
   * @param namespace file of its network namespace
   * @return its addresses, the preferred one first
   */
  List<String> setUp(Pod pod, Path namespace);

  /** Gives everything back. Idempotent; what fails is tried again in the background. */
  void tearDown(Pod pod);

  /** Gives back what pods hold that are no more. */
  void collect(Set<String> live);

  /** Takes the node's address ranges for pods, separated by commas. */
  void podCidr(String cidr);
}
