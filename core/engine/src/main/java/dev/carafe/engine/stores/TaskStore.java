package dev.carafe.engine.stores;

import java.util.List;
import java.util.Optional;

/** Task records of one namespace. Changes are durable on return. */
public interface TaskStore {
  Optional<TaskRecord> find(String containerId);

  List<TaskRecord> list();

  /** Creates or replaces. */
  void put(TaskRecord task);

  /** Forgets; idempotent. */
  void delete(String containerId);
}
