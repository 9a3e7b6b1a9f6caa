package dev.carafe.services.debug;

import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.tasks.TaskManager;
import dev.carafe.engine.tasks.TaskView;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.TaskMetrics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All tasks, with what they take of the machine. */
final class TaskFigures {
  private static final Logger LOG = LoggerFactory.getLogger(TaskFigures.class);

  /** More rows are no help to anybody; the number of all is told. */
  private static final int MOST_SHOWN = 200;

  private static final int AT_ONCE = 16;
  private static final Duration PATIENCE = Duration.ofSeconds(3);

  private final Metadata metadata;
  private final TaskManager tasks;

  TaskFigures(Metadata metadata, TaskManager tasks) {
    this.metadata = metadata;
    this.tasks = tasks;
  }

  private record Found(Namespace namespace, TaskView view) {}

  Map<String, Object> read() {
    List<Found> found = new ArrayList<>();
    for (Namespace namespace : metadata.namespaces().list()) {
      tasks.list(namespace).forEach(view -> found.add(new Found(namespace, view)));
    }
    found.sort(
        Comparator.comparing((Found task) -> task.namespace().name())
            .thenComparing(task -> task.view().containerId()));
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("count", found.size());
    figures.put("list", details(found.stream().limit(MOST_SHOWN).toList()));
    return figures;
  }

  private List<Object> details(List<Found> found) {
    Semaphore places = new Semaphore(AT_ONCE);
    List<Map<String, Object>> rows = found.stream().map(TaskFigures::row).toList();
    List<Callable<Map<String, Object>>> work = new ArrayList<>();
    found.forEach(task -> work.add(() -> details(task, places)));
    ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    try {
      List<Future<Map<String, Object>>> futures =
          executor.invokeAll(work, PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      for (int i = 0; i < rows.size(); i++) {
        if (!futures.get(i).isCancelled()) {
          rows.get(i).putAll(futures.get(i).get());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } finally {
      executor.shutdownNow();
    }
    return List.copyOf(rows);
  }

  private static Map<String, Object> row(Found task) {
    ProcessStatus status = task.view().status();
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("namespace", task.namespace().name());
    row.put("id", Limits.text(task.view().containerId()));
    row.put("state", status.getClass().getSimpleName().toLowerCase(java.util.Locale.ROOT));
    row.put("pid", status.pid());
    if (status instanceof ProcessStatus.Stopped stopped) {
      row.put("exit", stopped.exit().code());
    }
    return row;
  }

  /** What takes a call on a store or a runtime; empty where that fails. */
  private Map<String, Object> details(Found task, Semaphore places) throws InterruptedException {
    Map<String, Object> more = new LinkedHashMap<>();
    places.acquire();
    try {
      String id = task.view().containerId();
      var container = metadata.stores(task.namespace()).containers().get(id);
      more.put("image", Limits.text(container.image()));
      more.put("runtime", Limits.text(container.runtime().name()));
      ProcessStatus status = task.view().status();
      if (status instanceof ProcessStatus.Running || status instanceof ProcessStatus.Paused) {
        usage(tasks.metrics(task.namespace(), id), more);
      }
    } catch (DaemonException e) {
      LOG.debug("debug page: task {}/{}: {}", task.namespace(), task.view(), e.toString());
    } finally {
      places.release();
    }
    return more;
  }

  static void usage(TaskMetrics metrics, Map<String, Object> row) {
    boolean second = metrics.kind().equals(TaskMetrics.CGROUPS_V2);
    Object memory = at(metrics.values(), second ? "memory.usage" : "memory.usage.usage");
    Object cpu = at(metrics.values(), second ? "cpu.usage_usec" : "cpu.usage.total");
    row.put("measured", metrics.at().toEpochMilli());
    if (memory instanceof Long bytes) {
      row.put("memory", bytes);
    }
    if (cpu instanceof Long used) {
      row.put("cpuNanos", second ? used * 1000 : used);
    }
  }

  private static Object at(Map<?, ?> values, String path) {
    Object value = values;
    for (String name : path.split("\\.")) {
      value = value instanceof Map<?, ?> map && map.get(name) != null ? map.get(name) : "";
    }
    return value;
  }
}
