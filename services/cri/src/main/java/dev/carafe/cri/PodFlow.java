package dev.carafe.cri;

import dev.carafe.api.cri.v1.ContainerConfig;
import dev.carafe.api.cri.v1.NamespaceMode;
import dev.carafe.api.cri.v1.PodSandboxConfig;
import dev.carafe.engine.observe.Observations;
import dev.carafe.engine.sandboxes.KeyedLock;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of a pod sandbox: record, namespaces, files, network, in this order; and back. Whatever
 * stage a crash cuts off, the record is there, so that the kubelet sees a sandbox that is not ready
 * and has it removed.
 */
final class PodFlow {
  private static final Logger log = LoggerFactory.getLogger(PodFlow.class);
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Records records;
  private final PodSandboxes sandboxes;
  private final PodFiles files;
  private final PodNetworks networks;
  private final ContainerFlow containers;
  private final Hooks hooks;
  private final PodInit init;
  private final Consumer<String> onEnd;
  private final InFlight<String> creations;
  private final KeyedLock<String> turns = new KeyedLock<>();
  private final SeLinux selinux = SeLinux.ofThisMachine();

  /**
   * Makes one.
   *
   * @param onEnd gets the id of a pod whose sandbox has ended by itself
   */
  PodFlow(
      Records records,
      PodSandboxes sandboxes,
      PodFiles files,
      PodNetworks networks,
      ContainerFlow containers,
      Hooks hooks,
      PodInit init,
      CriConfig config,
      Consumer<String> onEnd) {
    this.records = records;
    this.sandboxes = sandboxes;
    this.files = files;
    this.networks = networks;
    this.containers = containers;
    this.hooks = hooks;
    this.init = init;
    this.onEnd = onEnd;
    this.creations = new InFlight<>("pod sandbox", config.creationTimeout());
  }

  static String newId() {
    var bytes = new byte[32];
    RANDOM.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  /** Runs a pod; who asks again for the same one gets the first one's id. */
  String run(PodSandboxConfig config, String handler) {
    Bounds.check(config);
    String identity = Pod.identity(config);
    return creations.join(
        identity,
        stages ->
            Observations.ofCallable(
                "cri.pod.run", identity, () -> create(identity, config, handler, stages)));
  }

  private String create(
      String identity, PodSandboxConfig config, String handler, InFlight.Stages stages)
      throws Exception {
    for (Pod present : records.pods()) {
      if (present.identity().equals(identity)) {
        if (present.ready()) {
          return present.id();
        }
        if (present.setUp()) {
          throw new AlreadyExistsException(
              "pod sandbox " + identity + ": exists as " + present.id() + " and is stopped");
        }
        // Left by a creation that was cut off.
        remove(present.id());
      }
    }
    Sandboxer sandboxer = sandboxes.sandboxer(handler);
    PodSandboxConfig labelled = selinux.withLevel(config, records.pods());
    Pod pod =
        new Pod(newId(), labelled, handler, sandboxer, 0, false, false, List.of(), Instant.now());
    stages.at("record");
    records.add(pod);
    try {
      stages.at("namespaces");
      sandboxes.pin(pod);
      if (init.always() && sandboxer == Sandboxer.PODSANDBOX) {
        stages.at("pause image");
        init.start(pod, namespaces(pod));
      }
      stages.at("files");
      files.create(pod);
      List<String> addresses = List.of();
      if (!pod.hostNetwork()) {
        stages.at("network");
        addresses = networks.setUp(pod, networkNamespace(pod));
      }
      stages.at("sandbox");
      long pid = sandboxes.start(pod);
      stages.at("hooks");
      List<String> ips = addresses;
      hooks.podStarting(pod.becameReady(pid, ips));
      stages.at("record");
      sandboxes.watch(records.change(pod, present -> present.becameReady(pid, ips)), onEnd);
      return pod.id();
    } catch (Exception | Error e) {
      undo(pod, e);
      throw e;
    } finally {
      hooks.podSettled(pod.id());
      records.settled(pod.id());
    }
  }

  private void undo(Pod pod, Throwable cause) {
    try {
      remove(pod.id());
    } catch (Exception e) {
      cause.addSuppressed(e);
      log.error("pod sandbox {}: left over after a failed creation: {}", pod.id(), e.toString());
    }
  }

  /** Files of the pod's namespaces by the names that the OCI runtime specification gives them. */
  Map<String, String> namespaces(Pod pod) {
    return sandboxes.namespaces(pod);
  }

  /** The same for a container, with the pod's process namespace where it shares that. */
  Map<String, String> namespaces(Pod pod, ContainerConfig config) {
    Map<String, String> paths = namespaces(pod);
    NamespaceMode mode = config.getLinux().getSecurityContext().getNamespaceOptions().getPid();
    if (mode == NamespaceMode.POD && !pod.hostPid()) {
      String shared = sandboxes.processes(pod);
      paths.put("pid", shared == null ? ofInit(pod.id(), paths) : shared);
    }
    return paths;
  }

  private String ofInit(String id, Map<String, String> paths) {
    long pid = InFlight.unchecked(() -> turns.alone(id, () -> startInit(id, paths)));
    return "/proc/" + pid + "/ns/pid";
  }

  private long startInit(String id, Map<String, String> paths) {
    Pod pod = records.pod(id);
    if (!pod.ready()) {
      throw new FailedPreconditionException("pod sandbox " + id + ": is not ready");
    }
    return init.start(pod, paths);
  }

  private Path networkNamespace(Pod pod) {
    try {
      return Path.of(namespaces(pod).getOrDefault("network", ""));
    } catch (NotFoundException e) {
      return Path.of("");
    }
  }

  /** What a pod's sandbox says of itself, for people. */
  Map<String, String> details(Pod pod) {
    return sandboxes.details(pod);
  }

  /** Ends all processes of a pod and gives its network back. Idempotent. */
  void stop(String id) {
    Pod found = records.findPod(id);
    if (found != null) {
      InFlight.unchecked(() -> turns.alone(found.id(), () -> stopNow(found.id())));
    }
  }

  private boolean stopNow(String id) throws Exception {
    Pod pod = records.pod(id);
    containers.stopAll(pod.id());
    if (pod.ready()) {
      hooks.podStopping(pod);
    }
    sandboxes.stop(pod);
    if (!pod.hostNetwork()) {
      networks.tearDown(pod);
    }
    init.stop(id);
    sandboxes.release(pod);
    if (pod.ready()) {
      records.change(pod, Pod::stopped);
    }
    return true;
  }

  /** Removes a pod with its containers. Idempotent. */
  void remove(String id) {
    Pod found = records.findPod(id);
    if (found != null) {
      InFlight.unchecked(() -> turns.alone(found.id(), () -> removeNow(found.id())));
    }
  }

  private boolean removeNow(String id) throws Exception {
    Pod pod = records.findPod(id);
    if (pod == null) {
      return false;
    }
    stopNow(id);
    containers.removeAll(id);
    init.remove(id);
    sandboxes.remove(pod);
    files.remove(pod);
    hooks.podRemoved(pod);
    records.remove(pod);
    sandboxes.forget(pod);
    return true;
  }

  /** A pod whose first process or sandbox has ended is no longer ready. */
  boolean ended(String id) {
    Pod pod = records.findPod(id);
    if (pod == null || !pod.ready()) {
      return false;
    }
    log.warn("pod sandbox {}: has ended by itself", id);
    records.change(pod, Pod::stopped);
    return true;
  }

  /** Takes up the first processes and shims of pods, which may have to wait for their recovery. */
  void recoverProcesses() {
    for (Pod pod : records.pods()) {
      if (pod.ready()) {
        sandboxes.watch(pod, onEnd);
      }
      try {
        init.recover(pod.id());
      } catch (DaemonException e) {
        log.error("pod sandbox {}: first process not taken up: {}", pod.id(), e.getMessage());
      }
    }
  }

  /** Takes up the pods of an earlier daemon: what is not whole is no longer ready. */
  void recover() {
    for (Pod pod : records.pods()) {
      if (pod.ready() && !sandboxes.alive(pod)) {
        log.warn("pod sandbox {}: its namespaces are gone", pod.id());
        records.change(pod, Pod::stopped);
      }
    }
    Set<String> live =
        records.pods().stream().filter(Pod::ready).map(Pod::id).collect(Collectors.toSet());
    Thread.ofVirtual().name("cni-collection").start(() -> networks.collect(live));
  }
}
