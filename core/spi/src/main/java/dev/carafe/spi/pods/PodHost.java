package dev.carafe.spi.pods;

import dev.carafe.spi.errors.NotFoundException;
import java.util.List;

/** What {@link PodHooks} may ask of the pods' keeper, at any time and from any thread. */
public interface PodHost {
  /** Everything that there is, and what is being created and was not refused so far. */
  Everything everything();

  /**
   * Changes a running container's limits, without asking any {@link PodHooks}.
   *
   * @param resources {@code linux.resources} in JSON, only what is to be changed
   * @throws NotFoundException if there is no such container, or it does not run
   */
  void update(String containerId, byte[] resources);

  /**
   * Ends a container in the background, as its kubelet would.
   *
   * @param reason for the log
   */
  void evict(String containerId, String reason);

  /** Pods and containers at one moment. */
  record Everything(List<PodFacts> pods, List<ContainerFacts> containers) {
    public Everything {
      pods = List.copyOf(pods);
      containers = List.copyOf(containers);
    }
  }
}
