package dev.carafe.cri;

import dev.carafe.api.cri.v1.PodSandbox;
import dev.carafe.engine.stores.Container;
import dev.carafe.engine.stores.ContainerStore;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.SandboxStore;
import dev.carafe.engine.stores.TypedValue;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.sandboxes.Sandbox;
import dev.carafe.spi.sandboxes.SandboxValue;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is known of pods and containers: in memory for the lists that a kubelet asks for every
 * second, and on disk as extensions of the engine's sandbox and container records. A change is on
 * disk before it is seen.
 */
final class Records {
  static final Namespace NAMESPACE = new Namespace("k8s.io");
  static final String KIND = "io.cri-containerd.kind";

  private static final Logger log = LoggerFactory.getLogger(Records.class);
  private static final String EXTENSION = "dev.carafe.cri";
  private static final String POD_TYPE = "dev.carafe.cri.v1.Pod";
  private static final String CONTAINER_TYPE = "dev.carafe.cri.v1.Container";

  private final Metadata metadata;
  private final Map<String, Pod> pods = new ConcurrentHashMap<>();
  private final Set<String> unsettled = ConcurrentHashMap.newKeySet();
  private final Map<String, CriContainer> containers = new ConcurrentHashMap<>();
  private final Kept<Pod, PodSandbox> listedPods = new Kept<>(pods, Views::listed);
  private final Kept<CriContainer, dev.carafe.api.cri.v1.Container> listedContainers =
      new Kept<>(containers, Views::listed);

  Records(Metadata metadata) {
    this.metadata = metadata;
  }

  /** Reads what an earlier daemon left. */
  void load() {
    for (Sandbox sandbox : sandboxStore().list()) {
      SandboxValue value = sandbox.extensions().get(EXTENSION);
      if (value != null) {
        read(
            "pod",
            sandbox.id(),
            () -> pods.put(sandbox.id(), Pod.decode(sandbox.id(), value.value())));
      }
    }
    for (Container container : containerStore().list()) {
      TypedValue value = container.extensions().get(EXTENSION);
      if (value != null) {
        read(
            "container",
            container.id(),
            () ->
                containers.put(container.id(), CriContainer.decode(container.id(), value.value())));
      }
    }
  }

  private static void read(String kind, String id, Runnable work) {
    try {
      work.run();
    } catch (DaemonException e) {
      log.error("{} {} is left out: {}", kind, id, e.getMessage());
    }
  }

  Collection<Pod> pods() {
    return pods.values();
  }

  /** All but those that are being created just now. */
  List<Pod> settledPods() {
    return pods.values().stream().filter(pod -> !unsettled.contains(pod.id())).toList();
  }

  /** A pod's creation is over, well or not. */
  void settled(String id) {
    unsettled.remove(id);
  }

  Collection<CriContainer> containers() {
    return containers.values();
  }

  PodSandbox listed(Pod pod) {
    return listedPods.of(pod.id(), pod);
  }

  dev.carafe.api.cri.v1.Container listed(CriContainer container) {
    return listedContainers.of(container.id(), container);
  }

  List<CriContainer> containersOf(String podId) {
    return containers.values().stream().filter(c -> c.podId().equals(podId)).toList();
  }

  /** One pod, by its id or an unambiguous beginning of it. */
  @Nullable Pod findPod(String id) {
    return find(pods, id);
  }

  Pod pod(String id) {
    Pod pod = findPod(id);
    if (pod == null) {
      throw new NotFoundException("pod sandbox \"" + shown(id) + "\": not found");
    }
    return pod;
  }

  @Nullable CriContainer findContainer(String id) {
    return find(containers, id);
  }

  CriContainer container(String id) {
    CriContainer container = findContainer(id);
    if (container == null) {
      throw new NotFoundException("container \"" + shown(id) + "\": not found");
    }
    return container;
  }

  private static <T> @Nullable T find(Map<String, T> all, String id) {
    T exact = all.get(id);
    if (exact != null || id.isEmpty()) {
      return exact;
    }
    List<String> found = all.keySet().stream().filter(key -> key.startsWith(id)).limit(2).toList();
    return found.size() == 1 ? all.get(found.getFirst()) : null;
  }

  private static String shown(String id) {
    return (id.length() > 80 ? id.substring(0, 80) + "..." : id).replaceAll("\\p{Cntrl}", "?");
  }

  /** Adds a pod, which is not listed before it is {@link #settled}. */
  void add(Pod pod) {
    unsettled.add(pod.id());
    try {
      sandboxStore()
          .create(
              new Sandbox(
                  pod.id(),
                  new Sandbox.Runtime(pod.handler(), null),
                  null,
                  Map.of(KIND, "sandbox"),
                  Map.of(EXTENSION, new SandboxValue(POD_TYPE, pod.encode())),
                  Instant.EPOCH,
                  Instant.EPOCH,
                  pod.sandboxer().controller()));
    } catch (RuntimeException e) {
      unsettled.remove(pod.id());
      throw e;
    }
    pods.put(pod.id(), pod);
  }

  Pod change(Pod pod, UnaryOperator<Pod> change) {
    Pod[] changed = new Pod[1];
    sandboxStore()
        .update(
            pod.id(),
            sandbox -> {
              Pod next = change.apply(pod(pod.id()));
              changed[0] = next;
              Map<String, SandboxValue> extensions = new HashMap<>(sandbox.extensions());
              extensions.put(EXTENSION, new SandboxValue(POD_TYPE, next.encode()));
              return sandbox.with(sandbox.runtime(), sandbox.spec(), sandbox.labels(), extensions);
            });
    pods.replace(pod.id(), changed[0]);
    return changed[0];
  }

  void remove(Pod pod) {
    try {
      sandboxStore().delete(pod.id());
    } catch (NotFoundException e) {
      log.debug("pod {}: removed before", pod.id());
    }
    pods.remove(pod.id());
    listedPods.forget(pod.id());
  }

  /** Adds a container's record to the engine's. */
  void add(CriContainer container, Container record) {
    Map<String, TypedValue> extensions = new HashMap<>(record.extensions());
    extensions.put(EXTENSION, new TypedValue(CONTAINER_TYPE, container.encode()));
    containerStore().create(with(record, extensions));
    containers.put(container.id(), container);
  }

  CriContainer change(CriContainer container, UnaryOperator<CriContainer> change) {
    CriContainer[] changed = new CriContainer[1];
    containerStore()
        .update(
            container.id(),
            record -> {
              CriContainer next = change.apply(container(container.id()));
              changed[0] = next;
              Map<String, TypedValue> extensions = new HashMap<>(record.extensions());
              extensions.put(EXTENSION, new TypedValue(CONTAINER_TYPE, next.encode()));
              return with(record, extensions);
            });
    containers.replace(container.id(), changed[0]);
    return changed[0];
  }

  /** Changes limits in a container's specification, {@code linux.resources} in JSON. */
  void changeLimits(String id, byte[] resources) {
    containerStore().update(id, record -> limited(record, resources));
  }

  private static Container limited(Container record, byte[] resources) {
    TypedValue spec = record.spec();
    TypedValue changed =
        spec == null
            ? null
            : new TypedValue(spec.typeUrl(), Resources.into(spec.value(), resources));
    return new Container(
        record.id(),
        record.labels(),
        record.image(),
        record.runtime(),
        changed,
        record.snapshotter(),
        record.snapshotKey(),
        record.extensions(),
        record.sandboxId(),
        record.createdAt(),
        record.updatedAt());
  }

  void remove(CriContainer container) {
    try {
      containerStore().delete(container.id());
    } catch (NotFoundException e) {
      log.debug("container {}: removed before", container.id());
    }
    containers.remove(container.id());
    listedContainers.forget(container.id());
  }

  private static Container with(Container record, Map<String, TypedValue> extensions) {
    return new Container(
        record.id(),
        record.labels(),
        record.image(),
        record.runtime(),
        record.spec(),
        record.snapshotter(),
        record.snapshotKey(),
        extensions,
        record.sandboxId(),
        record.createdAt(),
        record.updatedAt());
  }

  private SandboxStore sandboxStore() {
    return metadata.stores(NAMESPACE).sandboxes();
  }

  private ContainerStore containerStore() {
    return metadata.stores(NAMESPACE).containers();
  }
}
