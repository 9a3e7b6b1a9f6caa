package dev.carafe.metadata;

import dev.carafe.engine.stores.Container;
import dev.carafe.engine.stores.Identifiers;
import dev.carafe.engine.stores.TaskRecord;
import dev.carafe.engine.stores.TaskStore;
import dev.carafe.spi.metadata.WritableBucket;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Task records of one namespace in the database. Each remembers the snapshot that its container had
 * when the task was first recorded, and holds it until the task is forgotten.
 */
final class TaskTable implements TaskStore {
  private final Ledger ledger;
  private final String namespace;

  TaskTable(Ledger ledger, String namespace) {
    this.ledger = ledger;
    this.namespace = namespace;
  }

  @Override
  public Optional<TaskRecord> find(String containerId) {
    return ledger.view(tx ->
        Optional.ofNullable(
                decode(containerId, Schema.get(Schema.tasks(tx, namespace), containerId)))
            .map(StoredTask::task));
  }

  @Override
  public List<TaskRecord> list() {
    return Pages.all(ledger, tx -> Schema.tasks(tx, namespace), Formats.TASK).stream()
        .map(StoredTask::task)
        .toList();
  }

  @Override
  public void put(TaskRecord task) {
    String id = Identifiers.check("container id", task.containerId());
    ledger.change(change -> {
      WritableBucket tasks =
          Schema.namespace(change.tx(), namespace).createBucketIfAbsent(Schema.TASKS);
      StoredTask old = decode(id, tasks.get(id));
      tasks.put(
          id,
          Formats.TASK.encode(
              old == null
                  ? first(change, task)
                  : new StoredTask(task, old.snapshotter(), old.snapshotKey())));
      return null;
    });
  }

  @Override
  public void delete(String containerId) {
    ledger.change(change -> {
      WritableBucket tasks = change.tx().bucket(Schema.DATA, namespace, Schema.TASKS);
      if (tasks != null && !containerId.isEmpty() && tasks.delete(containerId)) {
        change.deletes();
      }
      return null;
    });
  }

  private StoredTask first(Change change, TaskRecord task) {
    Container container =
        Formats.CONTAINER.decodeOrNull(
            task.containerId(),
            Schema.get(Schema.containers(change.tx(), namespace), task.containerId()));
    if (container == null || container.snapshotKey().isEmpty()) {
      return new StoredTask(task, "", "");
    }
    change.touch(Node.snapshot(namespace, container.snapshotter(), container.snapshotKey()));
    return new StoredTask(task, container.snapshotter(), container.snapshotKey());
  }

  private static @Nullable StoredTask decode(String id, byte @Nullable [] value) {
    return Formats.TASK.decodeOrNull(id, value);
  }
}
