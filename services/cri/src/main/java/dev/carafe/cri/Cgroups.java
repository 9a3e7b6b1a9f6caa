package dev.carafe.cri;

import dev.carafe.spi.resources.PossibleLimits;

/**
 * Where the cgroups of pods' containers are: the resource manager of the pod's handler says it. The
 * last component always holds the container's id, which is how cAdvisor finds it.
 */
record Cgroups(Runtimes runtimes) {
  /** The parent where a kubelet names none. */
  private static final String PARENT = "/" + Records.NAMESPACE.name();

  String path(Pod pod, String id) {
    return runtimes
        .resources(pod.handler())
        .path(pod.config().getLinux().getCgroupParent(), PARENT, id);
  }

  PossibleLimits possible() {
    return runtimes.possible();
  }
}
