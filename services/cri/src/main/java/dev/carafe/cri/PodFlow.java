package dev.carafe.cri;

import dev.carafe.api.cri.v1.ContainerConfig;
import dev.carafe.api.cri.v1.NamespaceMode;
import dev.carafe.api.cri.v1.PodSandboxConfig;
import dev.carafe.engine.observe.Observations;
import dev.carafe.engine.sandboxes.KeyedLock;
import dev.carafe.engine.sandboxes.SandboxManager;
import dev.carafe.linux.IdMapping;
import dev.carafe.oci.Json;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.sandboxes.CreateSandbox;
import dev.carafe.spi.sandboxes.Sandbox;
import dev.carafe.spi.sandboxes.SandboxKey;
import dev.carafe.spi.sandboxes.SandboxStatus;
import dev.carafe.spi.sandboxes.SandboxValue;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
  private static final String CONTROLLER = "podsandbox";
  private static final String OPTIONS = "dev.carafe.sandbox.pod.v1.Options";
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Records records;
  private final SandboxManager sandboxes;
  private final PodFiles files;
  private final PodNetworks networks;
  private final ContainerFlow containers;
  private final Hooks hooks;
  private final PodInit init;
  private final InFlight<String> creations;
  private final KeyedLock<String> turns = new KeyedLock<>();
  private final SeLinux selinux = SeLinux.ofThisMachine();

  PodFlow(
      Records records,
      SandboxManager sandboxes,
      PodFiles files,
      PodNetworks networks,
      ContainerFlow containers,
      Hooks hooks,
      PodInit init,
      CriConfig config) {
    this.records = records;
    this.sandboxes = sandboxes;
    this.files = files;
    this.networks = networks;
    this.containers = containers;
    this.hooks = hooks;
    this.init = init;
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
    PodSandboxConfig labelled = selinux.withLevel(config, records.pods());
    Pod pod = new Pod(newId(), labelled, handler, false, false, List.of(), Instant.now());
    stages.at("record");
    records.add(pod, CONTROLLER);
    try {
      stages.at("namespaces");
      sandboxes.create(request(pod), CONTROLLER);
      sandboxes.start(key(pod), CONTROLLER);
      if (init.always()) {
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
      stages.at("hooks");
      List<String> ips = addresses;
      hooks.podStarting(pod.becameReady(ips));
      stages.at("record");
      records.change(pod, present -> present.becameReady(ips));
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

  private static CreateSandbox request(Pod pod) {
    List<String> own = new ArrayList<>();
    Map<String, Object> options = new HashMap<>();
    if (!pod.hostNetwork()) {
      own.add("net");
      own.add("uts");
      if (!pod.config().getHostname().isEmpty()) {
        options.put("hostname", pod.config().getHostname());
      }
    }
    if (!pod.hostIpc()) {
      own.add("ipc");
    }
    IdMapping ids = PodUsers.of(pod);
    if (ids != null) {
      own.add("user");
      options.put("uid_map", ids.uidText());
      options.put("gid_map", ids.gidText());
    }
    options.put("namespaces", own);
    return new CreateSandbox(
        key(pod),
        new Sandbox(
            pod.id(),
            new Sandbox.Runtime(pod.handler(), null),
            null,
            Map.of(),
            Map.of(),
            pod.createdAt(),
            pod.createdAt(),
            CONTROLLER),
        List.of(),
        new SandboxValue(OPTIONS, Json.bytes(options)),
        "",
        Map.of());
  }

  static SandboxKey key(Pod pod) {
    return new SandboxKey(Records.NAMESPACE.name(), pod.id());
  }

  /** Files of the pod's namespaces by the names that the OCI runtime specification gives them. */
  Map<String, String> namespaces(Pod pod) {
    return namespaces(sandboxes, pod);
  }

  static Map<String, String> namespaces(SandboxManager sandboxes, Pod pod) {
    SandboxStatus status = sandboxes.status(key(pod), true, CONTROLLER);
    Map<String, String> paths = new HashMap<>();
    Map.of("net", "network", "ipc", "ipc", "uts", "uts", "user", "user")
        .forEach((file, name) -> {
          String path = status.info().get("namespace." + file);
          if (path != null) {
            paths.put(name, path);
          }
        });
    return paths;
  }

  /** The same for a container, with the pod's process namespace where it shares that. */
  Map<String, String> namespaces(Pod pod, ContainerConfig config) {
    Map<String, String> paths = namespaces(pod);
    NamespaceMode mode = config.getLinux().getSecurityContext().getNamespaceOptions().getPid();
    if (mode == NamespaceMode.POD && !pod.hostPid()) {
      long pid = InFlight.unchecked(() -> turns.alone(pod.id(), () -> startInit(pod.id(), paths)));
      paths.put("pid", "/proc/" + pid + "/ns/pid");
    }
    return paths;
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

  /** Whether a pod's namespaces are there. */
  boolean alive(Pod pod) {
    try {
      return sandboxes.status(key(pod), false, CONTROLLER).state().equals(SandboxStatus.READY);
    } catch (NotFoundException e) {
      return false;
    }
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
    if (!pod.hostNetwork()) {
      networks.tearDown(pod);
    }
    init.stop(id);
    try {
      sandboxes.stop(key(pod), Duration.ofSeconds(10), CONTROLLER);
    } catch (NotFoundException e) {
      log.debug("pod sandbox {}: its namespaces were never made", id);
    }
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
    try {
      sandboxes.shutdown(key(pod), CONTROLLER);
    } catch (NotFoundException e) {
      log.debug("pod sandbox {}: its namespaces were never made", id);
    }
    files.remove(pod);
    hooks.podRemoved(pod);
    records.remove(pod);
    return true;
  }

  /** A pod whose first process has ended is no longer ready. */
  boolean ended(String id) {
    Pod pod = records.findPod(id);
    if (pod == null || !pod.ready()) {
      return false;
    }
    log.warn("pod sandbox {}: its first process has ended", id);
    records.change(pod, Pod::stopped);
    return true;
  }

  /** Takes up the first processes of pods, which may have to wait for their recovery. */
  void recoverProcesses() {
    for (Pod pod : records.pods()) {
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
      if (pod.ready() && !alive(pod)) {
        log.warn("pod sandbox {}: its namespaces are gone", pod.id());
        records.change(pod, Pod::stopped);
      }
    }
    Set<String> live =
        records.pods().stream().filter(Pod::ready).map(Pod::id).collect(Collectors.toSet());
    Thread.ofVirtual().name("cni-collection").start(() -> networks.collect(live));
  }
}
