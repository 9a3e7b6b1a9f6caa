package dev.carafe.cri;

import dev.carafe.api.cri.v1.LinuxContainerResources;
import dev.carafe.api.cri.v1.SecurityProfile;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.TypedValue;
import dev.carafe.engine.tasks.TaskManager;
import dev.carafe.oci.Json;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.pods.AdjustedContainer;
import dev.carafe.spi.pods.ContainerFacts;
import dev.carafe.spi.pods.ContainerFacts.State;
import dev.carafe.spi.pods.PodFacts;
import dev.carafe.spi.pods.PodHooks;
import dev.carafe.spi.pods.PodHost;
import dev.carafe.spi.runtimes.ProcessStatus;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All who have a say in the life of pods and containers. What is being created is known here before
 * anybody is asked, so that who comes meanwhile learns of it.
 */
final class Hooks {
  private static final Logger log = LoggerFactory.getLogger(Hooks.class);

  private final Collection<PodHooks> hooks;
  private final Records records;
  private final Metadata metadata;
  private final TaskManager tasks;
  private final PodSandboxes sandboxes;
  private final Map<String, Pod> newPods = new ConcurrentHashMap<>();
  private final Map<String, ContainerFacts> newContainers = new ConcurrentHashMap<>();

  Hooks(
      Collection<PodHooks> hooks,
      Records records,
      Metadata metadata,
      TaskManager tasks,
      PodSandboxes sandboxes) {
    this.hooks = List.copyOf(hooks);
    this.records = records;
    this.metadata = metadata;
    this.tasks = tasks;
    this.sandboxes = sandboxes;
  }

  /** Lets hooks ask, and begin. */
  void attach(ContainerFlow containers) {
    hooks.forEach(one -> one.attach(new Host(containers)));
  }

  private boolean active() {
    return hooks.stream().anyMatch(PodHooks::active);
  }

  private void ask(Consumer<PodHooks> question) {
    hooks.stream().filter(PodHooks::active).forEach(question);
  }

  private void tell(String what, Consumer<PodHooks> news) {
    for (PodHooks one : hooks) {
      try {
        if (one.active()) {
          news.accept(one);
        }
      } catch (RuntimeException e) {
        log.warn("{}: a hook failed: {}", what, e.getMessage());
      }
    }
  }

  // ---- pods

  /** A pod that is about to be ready; {@link #podSettled} has to follow. */
  void podStarting(Pod pod) {
    newPods.put(pod.id(), pod);
    if (active()) {
      PodFacts facts = facts(pod);
      ask(one -> one.podStarting(facts));
    }
  }

  /** The record says how a pod's start went. */
  void podSettled(String id) {
    newPods.remove(id);
  }

  void podUpdating(Pod pod, LinuxContainerResources overhead, LinuxContainerResources resources) {
    if (active()) {
      PodFacts facts = facts(pod);
      byte[] more = Json.bytes(Resources.of(overhead));
      byte[] all = Json.bytes(Resources.of(resources));
      ask(one -> one.podUpdating(facts, more, all));
    }
  }

  void podUpdated(Pod pod) {
    tellOf(pod, PodHooks::podUpdated);
  }

  void podStopping(Pod pod) {
    tellOf(pod, PodHooks::podStopping);
  }

  void podRemoved(Pod pod) {
    if (newPods.remove(pod.id()) != null || pod.setUp()) {
      tellOf(pod, PodHooks::podRemoved);
    }
  }

  private void tellOf(Pod pod, BiConsumer<PodHooks, PodFacts> news) {
    if (active()) {
      PodFacts facts = facts(pod);
      tell("pod sandbox " + pod.id(), one -> news.accept(one, facts));
    }
  }

  // ---- containers

  /** A container with its specification; {@link #created} or {@link #notCreated} has to follow. */
  AdjustedContainer creating(Pod pod, CriContainer container, byte[] spec) {
    ContainerFacts facts = facts(container, spec, 0);
    newContainers.put(container.id(), facts);
    AdjustedContainer[] adjusted = {new AdjustedContainer(spec, List.of())};
    if (active()) {
      PodFacts podFacts = facts(pod);
      ask(one -> {
        AdjustedContainer next =
            one.containerCreating(podFacts, facts(container, adjusted[0].spec(), 0));
        List<String> devices = new ArrayList<>(adjusted[0].cdiDevices());
        devices.addAll(next.cdiDevices());
        adjusted[0] = new AdjustedContainer(next.spec(), devices);
      });
    }
    return adjusted[0];
  }

  void created(CriContainer container) {
    newContainers.remove(container.id());
    tellOf(container, PodHooks::containerCreated);
  }

  void notCreated(Pod pod, String id) {
    ContainerFacts facts = newContainers.remove(id);
    if (facts != null && active()) {
      PodFacts podFacts = facts(pod);
      tell("container " + id, one -> one.containerRemoved(podFacts, facts));
    }
  }

  void starting(CriContainer container) {
    if (active()) {
      PodFacts pod = facts(records.pod(container.podId()));
      ContainerFacts facts = facts(container);
      ask(one -> one.containerStarting(pod, facts));
    }
  }

  void started(CriContainer container) {
    tellOf(container, PodHooks::containerStarted);
  }

  /** What is to be changed, {@code linux.resources} in JSON, once all had their say. */
  byte[] updating(CriContainer container, byte[] change) {
    byte[][] wanted = {change};
    if (active()) {
      PodFacts pod = facts(records.pod(container.podId()));
      ContainerFacts facts = facts(container);
      ask(one -> wanted[0] = one.containerUpdating(pod, facts, wanted[0]));
    }
    return wanted[0];
  }

  void updated(CriContainer container) {
    tellOf(container, PodHooks::containerUpdated);
  }

  void stopped(CriContainer container) {
    tellOf(container, PodHooks::containerStopped);
  }

  void removed(CriContainer container) {
    tellOf(container, PodHooks::containerRemoved);
  }

  private void tellOf(CriContainer container, Teller news) {
    if (active()) {
      tell(
          "container " + container.id(),
          one -> news.tell(one, facts(records.pod(container.podId())), facts(container)));
    }
  }

  private interface Teller {
    void tell(PodHooks hooks, PodFacts pod, ContainerFacts container);
  }

  // ---- facts

  private PodFacts facts(Pod pod) {
    var config = pod.config();
    return new PodFacts(
        pod.id(),
        config.getMetadata().getName(),
        config.getMetadata().getUid(),
        config.getMetadata().getNamespace(),
        config.getLabelsMap(),
        config.getAnnotationsMap(),
        pod.handler(),
        config.getLinux().getCgroupParent(),
        namespacesOf(pod),
        pod.ips(),
        Json.bytes(Resources.of(config.getLinux().getOverhead())),
        Json.bytes(Resources.of(config.getLinux().getResources())));
  }

  private Map<String, String> namespacesOf(Pod pod) {
    try {
      return sandboxes.namespaces(pod);
    } catch (NotFoundException e) {
      return Map.of();
    }
  }

  private ContainerFacts facts(CriContainer container) {
    return facts(container, spec(container.id()), pid(container));
  }

  /** A container's specification, or an empty object if its record is gone. */
  private byte[] spec(String id) {
    try {
      TypedValue spec = metadata.stores(Records.NAMESPACE).containers().get(id).spec();
      return spec == null ? Json.bytes(Map.of()) : spec.value();
    } catch (NotFoundException e) {
      return Json.bytes(Map.of());
    }
  }

  private long pid(CriContainer container) {
    if (container.exit() != null) {
      return 0;
    }
    try {
      return switch (tasks.get(Records.NAMESPACE, container.id(), "").status()) {
        case ProcessStatus.Created created -> created.pid();
        case ProcessStatus.Running running -> running.pid();
        default -> 0;
      };
    } catch (NotFoundException e) {
      return 0;
    }
  }

  private static ContainerFacts facts(CriContainer container, byte[] spec, long pid) {
    CriContainer.Exit exit = container.exit();
    State state =
        exit != null ? State.STOPPED : container.running() ? State.RUNNING : State.CREATED;
    return new ContainerFacts(
        container.id(),
        container.podId(),
        container.config().getMetadata().getName(),
        state,
        container.config().getLabelsMap(),
        spec,
        seccomp(container.config().getLinux().getSecurityContext().getSeccomp()),
        container.config().getCDIDevicesList().stream().map(device -> device.getName()).toList(),
        pid,
        container.createdAt(),
        container.startedAt(),
        exit == null
            ? null
            : new ContainerFacts.End(exit.code(), exit.reason(), exit.message(), exit.at()));
  }

  private static String seccomp(SecurityProfile profile) {
    return switch (profile.getProfileType()) {
      case RuntimeDefault -> "runtime/default";
      case Localhost -> "localhost/" + profile.getLocalhostRef();
      case Unconfined, UNRECOGNIZED -> "";
    };
  }

  // ---- what hooks ask

  /** What hooks may ask for, and what they may have done. */
  private final class Host implements PodHost {
    private final ContainerFlow containers;

    Host(ContainerFlow containers) {
      this.containers = containers;
    }

    @Override
    public Everything everything() {
      Map<String, PodFacts> pods = new LinkedHashMap<>();
      Map<String, ContainerFacts> all = new LinkedHashMap<>(newContainers);
      newPods.values().forEach(pod -> pods.put(pod.id(), facts(pod)));
      for (Pod pod : records.pods()) {
        if (pod.setUp()) {
          pods.put(pod.id(), facts(pod));
        }
      }
      records.containers().forEach(container -> all.put(container.id(), facts(container)));
      return new Everything(List.copyOf(pods.values()), List.copyOf(all.values()));
    }

    @Override
    public void update(String containerId, byte[] resources) {
      containers.change(records.container(containerId), resources);
    }

    @Override
    public void evict(String containerId, String reason) {
      log.info("container {} is evicted: {}", containerId, reason);
      Thread.ofVirtual()
          .name("eviction of container " + containerId)
          .start(() -> {
            try {
              containers.stop(containerId, ContainerFlow.EVICTION);
            } catch (DaemonException e) {
              log.warn("container {}: not evicted: {}", containerId, e.getMessage());
            }
          });
    }
  }
}
