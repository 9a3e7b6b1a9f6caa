package dev.carafe.cri;

import dev.carafe.api.cri.v1.ContainerConfig;
import dev.carafe.api.cri.v1.LinuxContainerConfig;
import dev.carafe.api.cri.v1.LinuxContainerResources;
import dev.carafe.cri.CriContainer.Exit;
import dev.carafe.engine.observe.Observations;
import dev.carafe.engine.sandboxes.KeyedLock;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.tasks.TaskManager;
import dev.carafe.engine.tasks.TaskRequest;
import dev.carafe.linux.Signals;
import dev.carafe.oci.Json;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.spi.snapshots.SnapshotKey;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of a container: snapshot, record, task; and back. A task that has ended is deleted as
 * soon as its exit is in the record.
 */
final class ContainerFlow {
  private static final Logger log = LoggerFactory.getLogger(ContainerFlow.class);
  private static final Duration KILL = Duration.ofSeconds(30);
  private static final int START_ERROR = 128;

  /** How long a container may take to end that a hook wants to end. */
  static final Duration EVICTION = Duration.ofSeconds(10);

  private final Records records;
  private final Metadata metadata;
  private final TaskManager tasks;
  private final CriImages images;
  private final ContainerCreation creation;
  private final InFlight<String> creations;
  private final KeyedLock<String> turns = new KeyedLock<>();
  private final Map<String, CompletableFuture<Boolean>> ends = new ConcurrentHashMap<>();
  private final Hooks hooks;
  private final ContainerLogs logs;
  private final Consumer<CriContainer> onEnd;

  ContainerFlow(
      Records records,
      Metadata metadata,
      TaskManager tasks,
      CriImages images,
      ContainerCreation creation,
      Hooks hooks,
      ContainerLogs logs,
      CriConfig config,
      Consumer<CriContainer> onEnd) {
    this.records = records;
    this.metadata = metadata;
    this.tasks = tasks;
    this.images = images;
    this.creation = creation;
    this.creations = new InFlight<>("container", config.creationTimeout());
    this.hooks = hooks;
    this.logs = logs;
    this.onEnd = onEnd;
  }

  /** Creates a container; who asks again for the same one gets the first one's id. */
  String create(Pod pod, ContainerConfig config, Function<Pod, Map<String, String>> namespaces) {
    Bounds.check(config);
    String identity = CriContainer.identity(pod.id(), config);
    return creations.join(
        identity,
        stages ->
            Observations.ofCallable(
                "cri.container.create",
                identity,
                () -> creation.run(identity, pod, config, namespaces, stages)));
  }

  /** Starts a created container. */
  void start(String id) {
    CriContainer found = records.container(id);
    InFlight.unchecked(() -> turns.alone(found.id(), () -> startNow(found.id())));
  }

  private boolean startNow(String id) {
    CriContainer container = records.container(id);
    if (container.startedAt() != null || container.exit() != null) {
      throw new FailedPreconditionException("container " + id + ": was started before");
    }
    if (!records.pod(container.podId()).ready()) {
      throw new FailedPreconditionException(
          "container " + id + ": pod sandbox " + container.podId() + " is not ready");
    }
    try {
      Stdio stdio = logs.starting(records.pod(container.podId()), container);
      List<Mount> rootfs =
          metadata
              .stores(Records.NAMESPACE)
              .snapshotter(images.snapshotter())
              .mounts(new SnapshotKey(id));
      tasks.create(
          Records.NAMESPACE, new TaskRequest(id, rootfs, stdio, RuntimeOptions.NONE, null));
      logs.reopened(id);
      hooks.starting(container);
      // Before it runs: whoever finds it started later may find it ended, but never lost.
      records.change(container, present -> present.started(Instant.now()));
      watch(id);
      tasks.start(Records.NAMESPACE, id, "");
      hooks.started(records.container(id));
      return true;
    } catch (RuntimeException e) {
      failed(container, e);
      throw e;
    }
  }

  private void failed(CriContainer container, RuntimeException cause) {
    try {
      kill(container.id());
      deleteTask(container.id());
      logs.ended(container.id());
      records.change(
          container,
          present ->
              present.ended(
                  new Exit(
                      START_ERROR,
                      Exit.START_ERROR,
                      String.valueOf(cause.getMessage()),
                      Instant.now())));
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
    }
  }

  /** Waits, on a thread of its own, for the end of a container. */
  private void watch(String id) {
    var end = new CompletableFuture<Boolean>();
    ends.put(id, end);
    Thread.ofVirtual()
        .name("end of container " + id)
        .start(() -> {
          try {
            ExitStatus status = tasks.await(Records.NAMESPACE, id, "");
            ended(id, status);
            end.complete(true);
          } catch (InterruptedException e) {
            end.cancel(false);
          } catch (RuntimeException e) {
            log.error("container {}: its end was not seen: {}", id, e.toString());
            end.completeExceptionally(e);
          } finally {
            ends.remove(id, end);
            // Again, for a follower that began meanwhile and was told that it runs.
            if (end.isDone() && !end.isCompletedExceptionally()) {
              logs.ended(id);
            }
          }
        });
  }

  private void ended(String id, ExitStatus status) {
    CriContainer container = records.findContainer(id);
    if (container == null) {
      return;
    }
    if (container.exit() == null) {
      String reason =
          status.oomKilled() ? Exit.OOM_KILLED : status.code() == 0 ? Exit.COMPLETED : Exit.ERROR;
      container =
          records.change(
              container,
              present ->
                  present.exit() != null
                      ? present
                      : present.ended(new Exit(status.code(), reason, "", status.exitedAt())));
    }
    deleteTask(id);
    logs.ended(id);
    stopped(container);
    onEnd.accept(container);
  }

  /** Whoever is told of its start is told of that first. */
  private void stopped(CriContainer container) {
    InFlight.unchecked(() ->
        turns.alone(
            container.id(),
            () -> {
              hooks.stopped(container);
              return true;
            }));
  }

  private void deleteTask(String id) {
    try {
      tasks.delete(Records.NAMESPACE, id, "");
    } catch (NotFoundException e) {
      log.debug("container {}: has no task", id);
    } catch (DaemonException e) {
      log.warn("container {}: its task is left: {}", id, e.getMessage());
    }
  }

  private void kill(String id) {
    try {
      tasks.kill(Records.NAMESPACE, id, "", Signals.SIGKILL, true);
    } catch (NotFoundException e) {
      log.debug("container {}: has ended", id);
    }
  }

  /** Ends a container: its stop signal, and SIGKILL after {@code grace}. Idempotent. */
  void stop(String id, Duration grace) {
    CriContainer container = records.findContainer(id);
    if (container == null || !container.running()) {
      return;
    }
    CompletableFuture<Boolean> end = ends.get(container.id());
    if (end == null) {
      return;
    }
    try {
      if (grace.isPositive()) {
        tasks.kill(Records.NAMESPACE, container.id(), "", container.stopSignal(), false);
        if (within(end, grace)) {
          return;
        }
      }
      tasks.kill(Records.NAMESPACE, container.id(), "", Signals.SIGKILL, true);
    } catch (NotFoundException e) {
      log.debug("container {}: has ended", container.id());
    }
    if (!within(end, KILL)) {
      throw new DeadlineExceededException(
          "container " + container.id() + ": not ended " + KILL + " after SIGKILL");
    }
  }

  private static boolean within(CompletableFuture<Boolean> end, Duration limit) {
    return InFlight.unchecked(() -> {
      try {
        return end.get(limit.toMillis(), TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        return false;
      } catch (ExecutionException e) {
        throw e.getCause() instanceof Exception known ? known : e;
      }
    });
  }

  void stopAll(String podId) {
    List<CriContainer> running =
        records.containersOf(podId).stream().filter(CriContainer::running).toList();
    List<Thread> threads = running.stream().map(c -> stopping(c.id())).toList();
    InFlight.unchecked(() -> {
      for (Thread thread : threads) {
        thread.join();
      }
      return true;
    });
    for (CriContainer container : records.containersOf(podId)) {
      if (container.running() && ends.containsKey(container.id())) {
        throw new DeadlineExceededException("container " + container.id() + ": does not end");
      }
    }
  }

  private Thread stopping(String id) {
    return Thread.ofVirtual()
        .start(() -> {
          try {
            stop(id, Duration.ZERO);
          } catch (RuntimeException e) {
            log.warn("container {}: {}", id, e.toString());
          }
        });
  }

  /** Removes a container by force. Idempotent. */
  void remove(String id) {
    CriContainer found = records.findContainer(id);
    if (found == null) {
      return;
    }
    stop(found.id(), Duration.ZERO);
    InFlight.unchecked(() -> turns.alone(found.id(), () -> removeNow(found.id())));
  }

  private boolean removeNow(String id) {
    CriContainer container = records.findContainer(id);
    if (container == null) {
      return false;
    }
    kill(id);
    deleteTask(id);
    try {
      metadata
          .stores(Records.NAMESPACE)
          .snapshotter(images.snapshotter())
          .remove(new SnapshotKey(id));
    } catch (NotFoundException e) {
      log.debug("container {}: its snapshot is gone", id);
    }
    creation.removeFiles(id);
    hooks.removed(container);
    records.remove(container);
    return true;
  }

  void removeAll(String podId) {
    records.containersOf(podId).forEach(container -> remove(container.id()));
  }

  /** Changes a container's limits, now and for its record. */
  void update(String id, LinuxContainerResources change, Map<String, String> annotations) {
    CriContainer found = records.container(id);
    mustNotHaveEnded(found);
    // Outside of its turn: hooks may change other containers, whose changes may change this one.
    byte[] wanted = hooks.updating(found, Json.bytes(creation.possible(Resources.of(change))));
    InFlight.unchecked(
        () -> turns.alone(found.id(), () -> updateNow(found.id(), change, wanted, annotations)));
    hooks.updated(records.container(found.id()));
  }

  private static void mustNotHaveEnded(CriContainer container) {
    if (container.exit() != null) {
      throw new FailedPreconditionException("container " + container.id() + ": has ended");
    }
  }

  private boolean updateNow(
      String id, LinuxContainerResources change, byte[] wanted, Map<String, String> annotations) {
    CriContainer container = records.container(id);
    mustNotHaveEnded(container);
    ContainerConfig config = container.config();
    LinuxContainerConfig linux = config.getLinux();
    LinuxContainerResources next = Resources.merge(linux.getResources(), change);
    changeLimits(container, wanted, annotations);
    ContainerConfig changed =
        config.toBuilder().setLinux(linux.toBuilder().setResources(next)).build();
    records.change(container, present -> present.with(changed));
    return true;
  }

  private void changeLimits(
      CriContainer container, byte[] limits, Map<String, String> annotations) {
    if (container.running()) {
      tasks.update(Records.NAMESPACE, container.id(), limits, annotations);
    }
    records.changeLimits(container.id(), limits);
  }

  /** Changes a container's limits as a hook wants it: {@code linux.resources} in JSON. */
  void change(CriContainer found, byte[] limits) {
    InFlight.unchecked(() ->
        turns.alone(
            found.id(),
            () -> {
              CriContainer container = records.container(found.id());
              mustNotHaveEnded(container);
              changeLimits(container, limits, Map.of());
              return true;
            }));
  }

  void reopenLog(String id) {
    CriContainer container = records.container(id);
    if (!container.running()) {
      throw new FailedPreconditionException("container " + container.id() + ": is not running");
    }
    tasks.reopenLog(Records.NAMESPACE, container.id());
    logs.reopened(container.id());
  }

  /** Takes up the containers of an earlier daemon. */
  void recover() {
    for (CriContainer container : records.containers()) {
      try {
        recover(container);
      } catch (DaemonException e) {
        log.error("container {}: not taken up: {}", container.id(), e.getMessage());
      }
    }
    logs.recover(ends::containsKey);
  }

  private void recover(CriContainer container) {
    @Nullable ProcessStatus status = status(container.id());
    if (!container.running()) {
      if (status != null) {
        kill(container.id());
        deleteTask(container.id());
      }
    } else if (status == null) {
      hooks.stopped(
          records.change(
              container,
              present ->
                  present.ended(
                      new Exit(
                          ExitStatus.UNKNOWN_CODE,
                          Exit.UNKNOWN,
                          "nothing is known of its end",
                          Instant.now()))));
    } else if (status instanceof ProcessStatus.Created) {
      // Cut off between its record and its start: it never ran.
      kill(container.id());
      deleteTask(container.id());
      hooks.stopped(
          records.change(
              container,
              present ->
                  present.ended(
                      new Exit(
                          START_ERROR, Exit.START_ERROR, "the start was cut off", Instant.now()))));
    } else {
      watch(container.id());
    }
  }

  private @Nullable ProcessStatus status(String id) {
    try {
      return tasks.get(Records.NAMESPACE, id, "").status();
    } catch (NotFoundException e) {
      return null;
    }
  }
}
