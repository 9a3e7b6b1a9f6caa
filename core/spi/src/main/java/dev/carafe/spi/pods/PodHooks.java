package dev.carafe.spi.pods;

import dev.carafe.spi.plugins.Deadline;
import dev.carafe.spi.plugins.Direct;

/**
 * Has a say in the life of pods and their containers. Methods with a name in the progressive form
 * come before something happens, the others after it.
 *
 * <p>The daemon guarantees: {@link #attach} comes first, once; what concerns one pod or container
 * comes in the order of its life; what was announced by {@link #podStarting} or {@link
 * #containerCreating} and did not come about is reported by {@link #podRemoved} or {@link
 * #containerRemoved}. An exception from {@link #podStarting}, {@link #podUpdating}, {@link
 * #containerCreating}, {@link #containerStarting} and {@link #containerUpdating} fails the
 * kubelet's call with its message; from any other method it is logged.
 *
 * <p>You guarantee: a bounded time for each call, whoever else you have to ask.
 */
@Deadline(120)
public interface PodHooks {
  /** Whether there is anybody to ask or tell; while not, nothing but {@link #attach} is called. */
  @Direct
  default boolean active() {
    return true;
  }

  /** The pods are known, and from now on may be asked for and changed through {@code host}. */
  void attach(PodHost host);

  /** The pod's namespaces and network are there; it becomes ready when this returns. */
  void podStarting(PodFacts pod);

  /**
   * A kubelet tells what all containers of a pod may use together.
   *
   * @param overhead what the pod needs beside its containers: {@code linux.resources} in JSON
   * @param resources what its containers may use: {@code linux.resources} in JSON
   */
  void podUpdating(PodFacts pod, byte[] overhead, byte[] resources);

  void podUpdated(PodFacts pod);

  /** All containers have ended; namespaces and network are still there. */
  void podStopping(PodFacts pod);

  void podRemoved(PodFacts pod);

  /**
   * A container's specification is ready; nothing is recorded yet.
   *
   * @return what it is to be instead
   */
  AdjustedContainer containerCreating(PodFacts pod, ContainerFacts container);

  void containerCreated(PodFacts pod, ContainerFacts container);

  /** The container's process is there and runs its program when this returns. */
  void containerStarting(PodFacts pod, ContainerFacts container);

  void containerStarted(PodFacts pod, ContainerFacts container);

  /**
   * A kubelet changes a container's limits.
   *
   * @param resources what is changed: {@code linux.resources} in JSON
   * @return what is to be changed instead
   */
  byte[] containerUpdating(PodFacts pod, ContainerFacts container, byte[] resources);

  void containerUpdated(PodFacts pod, ContainerFacts container);

  /** The container has ended, for whatever reason. */
  void containerStopped(PodFacts pod, ContainerFacts container);

  void containerRemoved(PodFacts pod, ContainerFacts container);
}
