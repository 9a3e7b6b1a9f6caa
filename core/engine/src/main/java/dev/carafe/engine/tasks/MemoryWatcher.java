package dev.carafe.engine.tasks;

import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.events.Event;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import dev.carafe.spi.runtimes.TaskLocation;
import dev.carafe.spi.runtimes.TaskRuntime;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells of kills for want of memory when they happen: one waiting virtual thread for each runtime,
 * however many tasks it has. What a runtime names is a hint; its count decides, and the count that
 * was told of is stored before it is told, so that no kill is told twice, not even by the exit that
 * follows it or after a restart. Kills of one task that come faster than {@link #PACE} are told
 * together.
 */
final class MemoryWatcher implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MemoryWatcher.class);
  private static final Duration PACE = Duration.ofMillis(100);
  private static final Duration FIRST_RETRY = Duration.ofSeconds(1);
  private static final Duration LONGEST_RETRY = Duration.ofMinutes(1);

  private final TaskTable tasks;
  private final Map<String, TaskRuntime> runtimes;
  private final Map<String, TaskRuntime> watched = new ConcurrentHashMap<>();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private volatile boolean closing;

  /**
   * @param runtimes those that are there, by id: a live view
   */
  MemoryWatcher(TaskTable tasks, Map<String, TaskRuntime> runtimes) {
    this.tasks = tasks;
    this.runtimes = runtimes;
  }

  /** Watches all tasks of a runtime, those to come included, until it is unloaded. Idempotent. */
  void watch(String plugin, TaskRuntime runtime) {
    if (watched.put(plugin, runtime) == runtime) {
      return;
    }
    threads.execute(() -> {
      try {
        wait(plugin, runtime);
      } catch (UnimplementedException _) {
        LOG.debug("runtime {} does not count kills for want of memory", plugin);
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    });
  }

  private void wait(String plugin, TaskRuntime runtime) throws InterruptedException {
    Duration retry = FIRST_RETRY;
    while (!closing && runtimes.get(plugin) == runtime) {
      try {
        runtime.awaitMemoryKills().forEach(this::hint);
        retry = FIRST_RETRY;
      } catch (UnimplementedException e) {
        throw e;
      } catch (RuntimeException e) {
        if (!closing && runtimes.get(plugin) == runtime) {
          LOG.warn("runtime {}: kills for want of memory: {}", plugin, e.toString());
        }
        Thread.sleep(retry);
        retry = retry.multipliedBy(2);
        retry = retry.compareTo(LONGEST_RETRY) > 0 ? LONGEST_RETRY : retry;
      }
    }
    watched.remove(plugin, runtime);
  }

  private void hint(TaskLocation location) {
    TaskEntry entry = tasks.find(location.namespace(), location.id());
    if (entry != null && entry.memoryHints.getAndIncrement() == 0) {
      threads.execute(() -> followHints(entry));
    }
  }

  private void followHints(TaskEntry entry) {
    try {
      int seen;
      do {
        seen = entry.memoryHints.get();
        entry.awaitReady();
        entry.lock();
        try {
          tell(entry);
        } finally {
          entry.unlock();
        }
        Thread.sleep(PACE);
      } while (!entry.memoryHints.compareAndSet(seen, 0));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      entry.memoryHints.set(0);
      if (!closing && !(e instanceof UnimplementedException)) {
        LOG.warn("task {}: kills for want of memory: {}", entry.location(), e.toString());
      }
    }
  }

  /** In the task's turn. */
  private void tell(TaskEntry entry) {
    if (entry.deleted() || entry.lost()) {
      return;
    }
    long kills = entry.runtime.memoryKills(entry.state());
    if (kills > entry.record().memoryKills()) {
      tasks.storeMemoryKills(entry, kills);
      tasks.publish(entry, new Event.TaskOom(entry.id()));
    }
  }

  /** What is left to tell when a process has ended; in the task's turn. */
  void tellBeforeExit(TaskEntry entry, ExitStatus status) {
    try {
      tell(entry);
    } catch (UnimplementedException _) {
      if (status.oomKilled()) {
        tasks.publish(entry, new Event.TaskOom(entry.id()));
      }
    } catch (RuntimeException e) {
      LOG.warn("task {}: kills for want of memory: {}", entry.location(), e.toString());
    }
  }

  @Override
  public void close() {
    closing = true;
    threads.shutdownNow();
  }
}
