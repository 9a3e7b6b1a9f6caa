package dev.carafe.engine.tasks;

import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.TaskRecord;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.TaskRuntime;
import java.util.Map;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes up what an earlier daemon left: running tasks go on, cut-off creations are rolled back,
 * tasks of an earlier boot are forgotten.
 */
final class TaskRecovery {
  private static final Logger LOG = LoggerFactory.getLogger(TaskRecovery.class);
  private static final int AT_ONCE = 64;

  private final RuntimeHandlers handlers;
  private final TaskTable tasks;
  private final ExitWatcher watcher;
  private final String bootId;
  private final Semaphore limit = new Semaphore(AT_ONCE);

  TaskRecovery(RuntimeHandlers handlers, TaskTable tasks, ExitWatcher watcher, String bootId) {
    this.handlers = handlers;
    this.tasks = tasks;
    this.watcher = watcher;
    this.bootId = bootId;
  }

  void recover(Metadata metadata) {
    for (Namespace namespace : metadata.namespaces().list()) {
      for (TaskRecord record : metadata.stores(namespace).tasks().list()) {
        recover(namespace, record);
      }
    }
  }

  private void recover(Namespace namespace, TaskRecord record) {
    TaskRuntime runtime;
    try {
      runtime = handlers.plugin(record.runtime());
    } catch (NotFoundException e) {
      LOG.error("task {}/{}: kept, but its {}", namespace, record.containerId(), e.getMessage());
      return;
    }
    TaskEntry entry = new TaskEntry(namespace, runtime, record);
    tasks.add(entry);
    Thread.ofVirtual()
        .name("recover-" + namespace + "/" + record.containerId())
        .start(() -> {
          limit.acquireUninterruptibly();
          try {
            recover(entry);
          } finally {
            limit.release();
          }
        });
  }

  private void recover(TaskEntry entry) {
    TaskRecord record = entry.record();
    RuntimeState state = record.state();
    try {
      if (state == null || !record.bootId().equals(bootId)) {
        LOG.info(
            "task {}: {}",
            entry.location(),
            state == null ? "creation was cut off, rolling back" : "ended with the last boot");
        entry.runtime.discard(entry.location());
        tasks.forget(entry);
        entry.open();
        return;
      }
      tasks.store(entry, entry.runtime.recover(entry.location(), state));
      for (Map.Entry<String, TaskRecord.Process> process : record.processes().entrySet()) {
        watcher.watch(entry, new ProcessId(process.getKey()));
      }
      entry.open();
    } catch (RuntimeException e) {
      LOG.error("task {}: not recovered: {}", entry.location(), e.toString());
      entry.lose();
    }
  }
}
