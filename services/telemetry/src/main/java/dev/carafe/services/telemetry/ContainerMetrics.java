package dev.carafe.services.telemetry;

import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.tasks.TaskManager;
import dev.carafe.engine.tasks.TaskView;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.TaskMetrics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The cgroup figures of all running tasks. A task whose runtime is mute is left out. */
final class ContainerMetrics {
  private static final Logger LOG = LoggerFactory.getLogger(ContainerMetrics.class);
  private static final Duration PATIENCE = Duration.ofSeconds(8);
  private static final int AT_ONCE = 16;

  private final Sources sources;

  ContainerMetrics(Sources sources) {
    this.sources = sources;
  }

  /** One task's figures. */
  record Task(String namespace, String id, TaskMetrics metrics) {}

  String scrape() {
    StringBuilder text = new StringBuilder();
    CgroupFamilies.write(read(), new TextFormat(text));
    return text.toString();
  }

  private List<Task> read() {
    TaskManager tasks = sources.tasks().get();
    Semaphore places = new Semaphore(AT_ONCE);
    List<Callable<@Nullable Task>> work = new ArrayList<>();
    for (Namespace namespace : sources.metadata().get().namespaces().list()) {
      for (TaskView view : tasks.list(namespace)) {
        if (view.status() instanceof ProcessStatus.Running
            || view.status() instanceof ProcessStatus.Paused) {
          work.add(() -> read(tasks, namespace, view.containerId(), places));
        }
      }
    }
    List<Task> read = new ArrayList<>();
    ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    try {
      for (Future<@Nullable Task> future :
          executor.invokeAll(work, PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        Task task = future.isCancelled() ? null : future.get();
        if (task != null) {
          read.add(task);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } finally {
      executor.shutdownNow();
    }
    return read;
  }

  private static @Nullable Task read(
      TaskManager tasks, Namespace namespace, String id, Semaphore places)
      throws InterruptedException {
    places.acquire();
    try {
      return new Task(namespace.name(), id, tasks.metrics(namespace, id));
    } catch (RuntimeException e) {
      LOG.debug("metrics of {}/{}: {}", namespace, id, e.toString());
      return null;
    } finally {
      places.release();
    }
  }
}
