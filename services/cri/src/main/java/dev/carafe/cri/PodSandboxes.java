package dev.carafe.cri;

import dev.carafe.api.cri.v1.PodSandboxConfig;
import dev.carafe.engine.sandboxes.SandboxManager;
import dev.carafe.engine.tasks.RuntimeHandlers;
import dev.carafe.linux.IdMapping;
import dev.carafe.oci.Json;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.sandboxes.CreateSandbox;
import dev.carafe.spi.sandboxes.Sandbox;
import dev.carafe.spi.sandboxes.SandboxExit;
import dev.carafe.spi.sandboxes.SandboxKey;
import dev.carafe.spi.sandboxes.SandboxStatus;
import dev.carafe.spi.sandboxes.SandboxValue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the containers of a pod run in: namespaces that are pinned, and, where the handler says so,
 * a sandbox that the runtime's shim makes, for example a virtual machine. Of such a pod only the
 * network namespace is pinned, which the sandbox gets. Whoever calls is alone with the pod.
 */
final class PodSandboxes {
  private static final Logger log = LoggerFactory.getLogger(PodSandboxes.class);
  private static final Duration GRACE = Duration.ofSeconds(10);
  private static final String PINS = Sandboxer.PODSANDBOX.controller();
  private static final String SHIM = Sandboxer.SHIM.controller();
  private static final String PIN_OPTIONS = "dev.carafe.sandbox.pod.v1.Options";

  /** As a shim knows it from containerd. */
  private static final String SHIM_OPTIONS = "runtime.v1.PodSandboxConfig";

  private final SandboxManager sandboxes;
  private final Runtimes runtimes;
  private final CriConfig config;

  /** Pods whose sandbox is being ended on purpose, until they are removed. */
  private final Set<String> ending = ConcurrentHashMap.newKeySet();

  PodSandboxes(SandboxManager sandboxes, Runtimes runtimes, CriConfig config) {
    this.sandboxes = sandboxes;
    this.runtimes = runtimes;
    this.config = config;
  }

  private CriConfig.Handler handler(String name) {
    return config.handlers().getOrDefault(name, CriConfig.Handler.DEFAULT);
  }

  /**
   * Who makes the sandboxes of a handler's pods.
   *
   * @throws InvalidArgumentException if that is the shim of a runtime that has none
   */
  Sandboxer sandboxer(String handler) {
    Sandboxer sandboxer = handler(handler).sandboxer();
    if (sandboxer == Sandboxer.SHIM
        && !runtimes.plugin(handler).equals(RuntimeHandlers.SHIM_PLUGIN)) {
      throw new InvalidArgumentException(
          "pod sandbox: [cri.handlers."
              + handler
              + "] sandboxer = \"shim\": the runtime of that name is run by \""
              + runtimes.plugin(handler)
              + "\", not by a shim");
    }
    return sandboxer;
  }

  private static boolean inShim(Pod pod) {
    return pod.sandboxer() == Sandboxer.SHIM;
  }

  private static SandboxKey key(Pod pod) {
    return new SandboxKey(Records.NAMESPACE.name(), pod.id());
  }

  /** Where a shim has the sandbox, the namespaces have a key of their own. */
  private static SandboxKey pins(Pod pod) {
    return inShim(pod) ? new SandboxKey(Records.NAMESPACE.name(), pod.id() + "-net") : key(pod);
  }

  /** Makes the namespaces. */
  void pin(Pod pod) throws Exception {
    var request =
        new CreateSandbox(
            pins(pod),
            sandbox(pod, new Sandbox.Runtime(pod.handler(), null), PINS),
            List.of(),
            new SandboxValue(PIN_OPTIONS, Json.bytes(pinned(pod))),
            "",
            Map.of());
    sandboxes.create(request, PINS);
    sandboxes.start(pins(pod), PINS);
  }

  private static Map<String, Object> pinned(Pod pod) {
    List<String> own = new ArrayList<>();
    Map<String, Object> options = new HashMap<>();
    if (!pod.hostNetwork()) {
      own.add("net");
      if (!inShim(pod)) {
        own.add("uts");
        if (!pod.config().getHostname().isEmpty()) {
          options.put("hostname", pod.config().getHostname());
        }
      }
    }
    if (!pod.hostIpc() && !inShim(pod)) {
      own.add("ipc");
    }
    IdMapping ids = PodUsers.of(pod);
    if (ids != null) {
      own.add("user");
      options.put("uid_map", ids.uidText());
      options.put("gid_map", ids.gidText());
    }
    options.put("namespaces", own);
    return options;
  }

  private static Sandbox sandbox(Pod pod, Sandbox.Runtime runtime, String controller) {
    return new Sandbox(
        pod.id(), runtime, null, Map.of(), Map.of(), pod.createdAt(), pod.createdAt(), controller);
  }

  /**
   * Has the shim make its sandbox, where it is to; the pod's network is there.
   *
   * @return pid of a process in its namespaces, 0 if there is none
   */
  long start(Pod pod) throws Exception {
    if (!inShim(pod)) {
      return 0;
    }
    Map<String, String> shown = handler(pod.handler()).annotations(pod);
    PodSandboxConfig wanted =
        pod.config().toBuilder().clearAnnotations().putAllAnnotations(shown).build();
    var request =
        new CreateSandbox(
            key(pod),
            sandbox(pod, runtimes.shim(pod.handler()), SHIM),
            List.of(),
            new SandboxValue(SHIM_OPTIONS, wanted.toByteArray()),
            namespaces(pod).getOrDefault("network", ""),
            shown);
    sandboxes.create(request, SHIM);
    return sandboxes.start(key(pod), SHIM).pid();
  }

  /** Whether a pod's namespaces are there; of a shim's sandbox {@link #watch} tells. */
  boolean alive(Pod pod) {
    try {
      return sandboxes.status(pins(pod), false, PINS).state().equals(SandboxStatus.READY);
    } catch (NotFoundException e) {
      return false;
    }
  }

  /** Files of the pod's namespaces by the names that the OCI runtime specification gives them. */
  Map<String, String> namespaces(Pod pod) {
    SandboxStatus status = sandboxes.status(pins(pod), true, PINS);
    Map<String, String> paths = new HashMap<>();
    Map.of("net", "network", "ipc", "ipc", "uts", "uts", "user", "user")
        .forEach((file, name) -> {
          String path = status.info().get("namespace." + file);
          if (path != null) {
            paths.put(name, path);
          }
        });
    // With a user namespace, the shim's others may belong to one that its containers are not in.
    if (pod.pid() > 0 && !paths.containsKey("user")) {
      if (!pod.hostIpc()) {
        paths.put("ipc", ofProcess(pod, "ipc"));
      }
      if (!pod.hostNetwork()) {
        paths.put("uts", ofProcess(pod, "uts"));
      }
    }
    return paths;
  }

  /**
   * The process namespace that a shim's sandbox shares among its containers; null where the shim
   * has no sandbox.
   *
   * @throws FailedPreconditionException if the shim tells of no process that has it
   */
  @Nullable String processes(Pod pod) {
    if (!inShim(pod)) {
      return null;
    }
    if (pod.pid() == 0) {
      throw new FailedPreconditionException(
          "container: shares the processes of pod sandbox "
              + pod.id()
              + ", whose shim tells of no process that has their namespace");
    }
    return ofProcess(pod, "pid");
  }

  private static String ofProcess(Pod pod, String kind) {
    return "/proc/" + pod.pid() + "/ns/" + kind;
  }

  /** What a shim says for people; empty if it says nothing. */
  Map<String, String> details(Pod pod) {
    if (!inShim(pod)) {
      return Map.of();
    }
    try {
      return sandboxes.status(key(pod), true, SHIM).info();
    } catch (DaemonException e) {
      log.debug("pod sandbox {}: {}", pod.id(), e.getMessage());
      return Map.of();
    }
  }

  /**
   * Waits, on a thread of its own, for the end of a shim's sandbox.
   *
   * @param onEnd gets the pod's id if the sandbox was not ended on purpose
   */
  void watch(Pod pod, Consumer<String> onEnd) {
    if (inShim(pod)) {
      Thread.ofVirtual().name("end of sandbox " + pod.id()).start(() -> await(pod, onEnd));
    }
  }

  private void await(Pod pod, Consumer<String> onEnd) {
    try {
      SandboxExit exit = sandboxes.await(key(pod), SHIM);
      log.debug("pod sandbox {}: ended with {}", pod.id(), exit.code());
    } catch (InterruptedException e) {
      return;
    } catch (NotFoundException e) {
      log.debug("pod sandbox {}: {}", pod.id(), e.getMessage());
    } catch (DaemonException e) {
      // The manager says so, too, unless the daemon stops.
      log.debug("pod sandbox {}: its end is not seen: {}", pod.id(), e.getMessage());
      return;
    }
    if (!ending.contains(pod.id())) {
      onEnd.accept(pod.id());
    }
  }

  /** Ends a shim's sandbox, before the network goes; one that does not end is killed. */
  void stop(Pod pod) throws Exception {
    if (!inShim(pod)) {
      return;
    }
    ending.add(pod.id());
    try {
      sandboxes.stop(key(pod), GRACE, SHIM);
    } catch (NotFoundException e) {
      log.debug("pod sandbox {}: its shim was never started", pod.id());
    } catch (DaemonException e) {
      log.warn("pod sandbox {}: killed, as it does not stop: {}", pod.id(), e.getMessage());
      shutdown(key(pod), SHIM);
    }
  }

  /** Gives the namespaces back. Idempotent. */
  void release(Pod pod) throws Exception {
    try {
      sandboxes.stop(pins(pod), GRACE, PINS);
    } catch (NotFoundException e) {
      log.debug("pod sandbox {}: its namespaces were never made", pod.id());
    }
  }

  /** Removes what is left of a stopped pod. Idempotent. */
  void remove(Pod pod) throws Exception {
    if (inShim(pod)) {
      shutdown(key(pod), SHIM);
    }
    shutdown(pins(pod), PINS);
  }

  /** Nothing more will be asked about a pod. */
  void forget(Pod pod) {
    ending.remove(pod.id());
  }

  private void shutdown(SandboxKey key, String controller) throws Exception {
    try {
      sandboxes.shutdown(key, controller);
    } catch (NotFoundException e) {
      log.debug("sandbox {}: is not there", key);
    }
  }
}
