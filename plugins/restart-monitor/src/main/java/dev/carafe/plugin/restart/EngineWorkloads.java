package dev.carafe.plugin.restart;

import dev.carafe.engine.stores.Container;
import dev.carafe.engine.stores.ContainerStore;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.Stores;
import dev.carafe.engine.stores.TypedValue;
import dev.carafe.engine.tasks.TaskManager;
import dev.carafe.engine.tasks.TaskRequest;
import dev.carafe.oci.Json;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.spi.snapshots.SnapshotKey;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Containers and tasks of the engine. */
final class EngineWorkloads implements Workloads {
  private static final Logger log = LoggerFactory.getLogger(EngineWorkloads.class);
  private static final int SIGKILL = 9;
  private static final Duration END = Duration.ofSeconds(30);

  private final Metadata metadata;
  private final TaskManager tasks;

  EngineWorkloads(Metadata metadata, TaskManager tasks) {
    this.metadata = metadata;
    this.tasks = tasks;
  }

  @Override
  public Map<Workload, Container> watched() {
    Map<Workload, Container> watched = new HashMap<>();
    for (Namespace namespace : metadata.namespaces().list()) {
      for (Container container : metadata.stores(namespace).containers().list()) {
        if (Workloads.isWatched(container)) {
          watched.put(new Workload(namespace, container.id()), container);
        }
      }
    }
    return watched;
  }

  @Override
  public @Nullable Container find(Workload workload) {
    try {
      return metadata.stores(workload.namespace()).containers().get(workload.id());
    } catch (NotFoundException e) {
      return null;
    }
  }

  @Override
  public @Nullable ProcessStatus status(Workload workload) {
    try {
      return tasks.get(workload.namespace(), workload.id(), "").status();
    } catch (NotFoundException e) {
      return null;
    }
  }

  @Override
  public void restart(Workload workload, Container container) {
    Stdio stdio = stdio(container);
    Stores stores = metadata.stores(workload.namespace());
    relabel(stores.containers(), workload.id(), EngineWorkloads::begun);
    stop(workload);
    List<Mount> rootfs =
        container.snapshotKey().isEmpty()
            ? List.of()
            : stores
                .snapshotter(container.snapshotter())
                .mounts(new SnapshotKey(container.snapshotKey()));
    tasks.create(
        workload.namespace(),
        new TaskRequest(workload.id(), rootfs, stdio, RuntimeOptions.NONE, null));
    boolean started = false;
    try {
      tasks.start(workload.namespace(), workload.id(), "");
      // Whoever removed the container meanwhile saw no task that would have held him up.
      started = find(workload) != null;
    } finally {
      if (!started) {
        stop(workload);
      }
    }
    settle(workload);
  }

  @Override
  public void settle(Workload workload) {
    try {
      relabel(
          metadata.stores(workload.namespace()).containers(),
          workload.id(),
          labels -> labels.remove(RestartLabels.PENDING));
    } catch (NotFoundException e) {
      log.debug("container {}: is gone", workload);
    }
  }

  /** One that was cut off is taken up, not counted again. */
  private static void begun(Map<String, String> labels) {
    if (labels.put(RestartLabels.PENDING, "true") == null) {
      labels.put(RestartLabels.COUNT, Long.toString(RestartPolicy.count(labels) + 1));
    }
  }

  private static void relabel(
      ContainerStore containers, String id, Consumer<Map<String, String>> change) {
    containers.update(
        id,
        current -> {
          Map<String, String> labels = new HashMap<>(current.labels());
          change.accept(labels);
          return new Container(
              current.id(),
              labels,
              current.image(),
              current.runtime(),
              current.spec(),
              current.snapshotter(),
              current.snapshotKey(),
              current.extensions(),
              current.sandboxId(),
              current.createdAt(),
              current.updatedAt());
        });
  }

  /** The clients that had the old task's FIFOs are gone: output goes where the label says. */
  static Stdio stdio(Container container) {
    String uri = container.labels().getOrDefault(RestartLabels.LOG_URI, "");
    if (uri.isEmpty()) {
      return Stdio.NONE;
    }
    try {
      if (URI.create(uri).getScheme() == null) {
        throw new IllegalArgumentException();
      }
    } catch (IllegalArgumentException e) {
      throw new InvalidArgumentException(
          "container \"" + container.id() + "\": label " + RestartLabels.LOG_URI + " is no URI", e);
    }
    TypedValue spec = container.spec();
    boolean terminal =
        spec != null
            && Json.object("specification of container " + container.id(), spec.value())
                .object("process")
                .flag("terminal");
    return new Stdio("", uri, terminal ? "" : uri, terminal);
  }

  @Override
  public void stop(Workload workload) {
    try {
      ProcessStatus status = status(workload);
      if (status == null) {
        return;
      }
      if (!(status instanceof ProcessStatus.Stopped)) {
        kill(workload);
      }
      tasks.delete(workload.namespace(), workload.id(), "");
    } catch (NotFoundException e) {
      log.debug("container {}: has no task any more", workload);
    }
  }

  private void kill(Workload workload) {
    Thread waiter =
        Thread.ofVirtual()
            .name("end of " + workload)
            .start(() -> {
              try {
                tasks.await(workload.namespace(), workload.id(), "");
              } catch (InterruptedException | RuntimeException e) {
                log.debug("container {}: {}", workload, e.toString());
              }
            });
    try {
      tasks.kill(workload.namespace(), workload.id(), "", SIGKILL, true);
    } catch (NotFoundException e) {
      log.debug("container {}: ended by itself", workload);
    }
    try {
      if (!waiter.join(END)) {
        throw new DeadlineExceededException(
            "container " + workload + ": not ended " + END.toSeconds() + " s after SIGKILL");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      waiter.interrupt();
    }
  }
}
