package dev.carafe.cri;

import dev.carafe.engine.stores.Container;
import dev.carafe.engine.stores.ContainerStore;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.TypedValue;
import dev.carafe.engine.tasks.TaskManager;
import dev.carafe.engine.tasks.TaskRequest;
import dev.carafe.linux.OomScore;
import dev.carafe.linux.Signals;
import dev.carafe.oci.ContainerUser;
import dev.carafe.oci.RuntimeSpec;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.spi.snapshots.SnapshotKey;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The process that keeps a pod's process namespace: only a pod whose containers share one has it,
 * or every pod where a pause image is configured. It is an engine's container of the pod's id, so
 * that it outlives the daemon. Whoever calls is alone with the pod.
 */
final class PodInit {
  private static final Logger log = LoggerFactory.getLogger(PodInit.class);
  private static final Duration END = Duration.ofSeconds(10);
  private static final int OOM_SCORE = -998;

  /** No user of any container. */
  private static final ContainerUser NOBODY = new ContainerUser(65535, 65535, List.of(65535L));

  private final Metadata metadata;
  private final TaskManager tasks;
  private final CriImages images;
  private final Cgroups cgroups;
  private final Path rootfs;
  private final AtomicBoolean installed = new AtomicBoolean();
  private final String pauseImage;
  private final Consumer<String> onEnd;

  /** Pods whose process is being ended on purpose. */
  private final Set<String> ending = ConcurrentHashMap.newKeySet();

  /**
   * Makes one.
   *
   * @param rootfs directory for the program, which may not exist yet
   * @param pauseImage what runs instead, in every pod; or empty
   * @param onEnd gets the id of a pod whose process has ended, whoever ended it
   */
  PodInit(
      Metadata metadata,
      TaskManager tasks,
      CriImages images,
      Cgroups cgroups,
      Path rootfs,
      String pauseImage,
      Consumer<String> onEnd) {
    this.metadata = metadata;
    this.tasks = tasks;
    this.images = images;
    this.cgroups = cgroups;
    this.rootfs = rootfs;
    this.pauseImage = pauseImage;
    this.onEnd = onEnd;
  }

  /** Whether every pod has one. */
  boolean always() {
    return !pauseImage.isEmpty();
  }

  /** The pid; starts the process where it does not run yet. */
  long start(Pod pod, Map<String, String> namespaces) {
    OptionalLong running = pid(pod.id());
    if (running.isPresent()) {
      return running.getAsLong();
    }
    remove(pod.id());
    try {
      List<Mount> root = create(pod, namespaces);
      tasks.create(
          Records.NAMESPACE,
          new TaskRequest(pod.id(), root, Stdio.NONE, RuntimeOptions.NONE, null));
      tasks.start(Records.NAMESPACE, pod.id(), "");
    } catch (RuntimeException | Error e) {
      try {
        remove(pod.id());
      } catch (RuntimeException left) {
        e.addSuppressed(left);
      }
      throw e;
    }
    watch(pod.id());
    return pid(pod.id())
        .orElseThrow(() ->
            new FailedPreconditionException(
                "pod sandbox " + pod.id() + ": its first process does not run"));
  }

  /** The record, and what the root file system is mounted from. */
  private List<Mount> create(Pod pod, Map<String, String> namespaces) {
    RuntimeSpec spec = specification(pod, namespaces);
    if (pauseImage.isEmpty()) {
      if (installed.compareAndSet(false, true)) {
        InitProgram.install(rootfs);
      }
      spec.args(List.of(InitProgram.PATH));
      record(pod, spec, "", "");
      return List.of(new Mount("bind", rootfs.toString(), "", List.of("rbind", "ro")));
    }
    CriImage image = images.pinned(pauseImage);
    spec.image(image.config(), List.of());
    record(pod, spec, pauseImage, images.snapshotter());
    SnapshotKey parent = image.chainId().isEmpty() ? null : new SnapshotKey(image.chainId());
    return metadata
        .stores(Records.NAMESPACE)
        .snapshotter(images.snapshotter())
        .prepare(new SnapshotKey(pod.id()), parent, PodUsers.labels(pod));
  }

  private RuntimeSpec specification(Pod pod, Map<String, String> namespaces) {
    RuntimeSpec spec =
        new RuntimeSpec(cgroups.path(pod, pod.id()), cgroups.possible().unified())
            .withoutFileLimit()
            .withoutMount("/run")
            .withoutMount("/sys")
            .user(NOBODY)
            .dropCapability("ALL")
            .readOnlyRoot(true)
            .oomScoreAdj(Math.max(OOM_SCORE, OomScore.floor()))
            .defaultSeccomp();
    for (String kind : List.of("network", "ipc", "uts")) {
      String path = namespaces.get(kind);
      if (path == null) {
        spec.hostNamespace(kind);
      } else {
        spec.namespacePath(kind, path);
      }
    }
    PodUsers.join(spec, pod, namespaces);
    spec.annotation("io.kubernetes.cri.container-type", "sandbox");
    spec.annotation("io.kubernetes.cri.sandbox-id", pod.id());
    return spec;
  }

  private void record(Pod pod, RuntimeSpec spec, String image, String snapshotter) {
    containers()
        .create(
            new Container(
                pod.id(),
                Map.of(Records.KIND, "sandbox"),
                image,
                new Container.Runtime(pod.handler(), null),
                new TypedValue(RuntimeSpec.TYPE_URL, spec.json()),
                snapshotter,
                snapshotter.isEmpty() ? "" : pod.id(),
                Map.of(),
                pod.id(),
                Instant.EPOCH,
                Instant.EPOCH));
  }

  private ContainerStore containers() {
    return metadata.stores(Records.NAMESPACE).containers();
  }

  /** Empty if it does not run. */
  OptionalLong pid(String podId) {
    try {
      return tasks.get(Records.NAMESPACE, podId, "").status()
              instanceof ProcessStatus.Running running
          ? OptionalLong.of(running.pid())
          : OptionalLong.empty();
    } catch (NotFoundException e) {
      return OptionalLong.empty();
    }
  }

  private void watch(String podId) {
    Thread.ofVirtual()
        .name("end of pod " + podId)
        .start(() -> {
          try {
            tasks.await(Records.NAMESPACE, podId, "");
            if (!ending.contains(podId)) {
              onEnd.accept(podId);
            }
          } catch (InterruptedException | NotFoundException e) {
            log.debug("pod sandbox {}: its first process is watched no more", podId);
          } catch (RuntimeException e) {
            log.error("pod sandbox {}: end of its first process: {}", podId, e.toString());
          }
        });
  }

  /** Takes up the process of an earlier daemon, if there ought to be one. */
  void recover(String podId) {
    try {
      containers().get(podId);
    } catch (NotFoundException e) {
      return;
    }
    if (pid(podId).isPresent()) {
      watch(podId);
    } else {
      onEnd.accept(podId);
    }
  }

  /** Ends the process. Idempotent. */
  void stop(String podId) {
    try {
      try {
        ending.add(podId);
        tasks.kill(Records.NAMESPACE, podId, "", Signals.SIGKILL, true);
        awaitEnd(podId);
      } catch (NotFoundException e) {
        log.debug("pod sandbox {}: its first process has ended", podId);
      }
      tasks.delete(Records.NAMESPACE, podId, "");
    } catch (NotFoundException e) {
      log.debug("pod sandbox {}: has no first process", podId);
    } finally {
      ending.remove(podId);
    }
  }

  private void awaitEnd(String podId) {
    Thread waiter =
        Thread.ofVirtual()
            .start(() -> {
              try {
                tasks.await(Records.NAMESPACE, podId, "");
              } catch (InterruptedException | DaemonException e) {
                log.debug("pod sandbox {}: {}", podId, e.toString());
              }
            });
    InFlight.unchecked(() -> waiter.join(END));
    waiter.interrupt();
  }

  /** Removes everything of the process. Idempotent. */
  void remove(String podId) {
    stop(podId);
    Container record;
    try {
      record = containers().get(podId);
    } catch (NotFoundException e) {
      return;
    }
    if (!record.snapshotKey().isEmpty()) {
      try {
        metadata
            .stores(Records.NAMESPACE)
            .snapshotter(record.snapshotter())
            .remove(new SnapshotKey(record.snapshotKey()));
      } catch (NotFoundException e) {
        log.debug("pod sandbox {}: its snapshot is gone", podId);
      }
    }
    try {
      containers().delete(podId);
    } catch (NotFoundException e) {
      log.debug("pod sandbox {}: its first process was removed before", podId);
    }
  }
}
