package dev.carafe.engine.tasks;

import dev.carafe.spi.events.Event;
import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import dev.carafe.spi.runtimes.TaskRuntime;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Waits for processes to end, one virtual thread for each, and tells. */
final class ExitWatcher implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ExitWatcher.class);

  /** Processes with the first one's PID namespace end with it, at once; others may run on. */
  private static final Duration LAST_EXECS = Duration.ofSeconds(3);

  private final TaskTable tasks;
  private final MemoryWatcher memory;
  private final ExecutorService watchers = Executors.newVirtualThreadPerTaskExecutor();
  private volatile boolean closing;

  /**
   * @param runtimes those that are there, by id: a live view
   */
  ExitWatcher(TaskTable tasks, Map<String, TaskRuntime> runtimes) {
    this.tasks = tasks;
    this.memory = new MemoryWatcher(tasks, runtimes);
  }

  /** Tells of kills for want of memory in tasks of a runtime, too. */
  void watchMemory(String plugin, TaskRuntime runtime) {
    memory.watch(plugin, runtime);
  }

  void watch(TaskEntry entry, ProcessId process) {
    TaskEntry.Exit exit = entry.exit(process.execId());
    watchers.execute(() -> {
      try {
        ExitStatus status = entry.runtime.await(entry.state(), process);
        exit.status().complete(status);
        if (process.isInit()) {
          awaitExecs(entry);
        }
        publishExit(entry, process, status);
      } catch (InterruptedException e) {
        exit.status().completeExceptionally(Cancelled.because("task " + entry.id(), e));
      } catch (RuntimeException e) {
        if (!closing && !entry.deleted()) {
          LOG.error("task {}: lost sight of {}: {}", entry.location(), process, e.toString());
        }
        exit.status().completeExceptionally(e);
      } finally {
        exit.published().complete(null);
      }
    });
  }

  /**
   * Lets the ends of what else ran in the task be published before that of its first process:
   * clients that hear of that one delete the task, and would never hear of the others.
   */
  private void awaitExecs(TaskEntry entry) throws InterruptedException {
    CompletableFuture<?>[] execs;
    entry.lock();
    try {
      execs =
          entry.record().processes().entrySet().stream()
              .filter(process -> !process.getKey().isEmpty() && process.getValue().started())
              .map(process -> entry.exit(process.getKey()).published())
              .toArray(CompletableFuture<?>[]::new);
    } finally {
      entry.unlock();
    }
    try {
      CompletableFuture.allOf(execs).get(LAST_EXECS.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException _) {
      LOG.info("task {}: has ended, and processes that were added to it run on", entry.location());
    }
  }

  /** In its turn, so that a start that is under way publishes first. */
  private void publishExit(TaskEntry entry, ProcessId process, ExitStatus status) {
    entry.lock();
    try {
      if (entry.deleted() || !entry.record().processes().containsKey(process.execId())) {
        return;
      }
      long pid = entry.runtime.status(entry.state(), process).pid();
      memory.tellBeforeExit(entry, status);
      String processId = process.isInit() ? entry.id() : process.execId();
      tasks.publish(
          entry,
          new Event.TaskExited(entry.id(), processId, pid, status.code(), status.exitedAt()));
    } finally {
      entry.unlock();
    }
  }

  @Override
  public void close() {
    closing = true;
    memory.close();
    watchers.shutdownNow();
  }
}
