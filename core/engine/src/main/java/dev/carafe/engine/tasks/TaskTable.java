package dev.carafe.engine.tasks;

import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.TaskRecord;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.events.Envelope;
import dev.carafe.spi.events.Event;
import dev.carafe.spi.events.EventBus;
import dev.carafe.spi.runtimes.RuntimeState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The tasks in memory, their records, and what is told about them. */
final class TaskTable {
  private final Metadata metadata;
  private final EventBus events;
  private final BundleDirectories bundles;
  private final Map<Key, TaskEntry> tasks = new ConcurrentHashMap<>();

  private record Key(Namespace namespace, String id) {}

  TaskTable(Metadata metadata, EventBus events, BundleDirectories bundles) {
    this.metadata = metadata;
    this.events = events;
    this.bundles = bundles;
  }

  void add(TaskEntry entry) {
    if (tasks.putIfAbsent(new Key(entry.namespace, entry.id()), entry) != null) {
      throw new AlreadyExistsException("task " + entry.id() + ": already exists");
    }
  }

  /** Those that can be shown: neither half created nor deleted. */
  List<TaskEntry> list(Namespace namespace) {
    List<TaskEntry> entries = new ArrayList<>();
    tasks.forEach((key, entry) -> {
      boolean created = entry.record().state() != null || entry.lost();
      if (key.namespace().equals(namespace) && created && !entry.deleted()) {
        entries.add(entry);
      }
    });
    entries.sort(Comparator.comparing(TaskEntry::id));
    return entries;
  }

  /** How many tasks a runtime has, those that are being created included. */
  long count(String runtime) {
    return tasks.values().stream()
        .filter(entry -> entry.record().runtime().equals(runtime) && !entry.deleted())
        .count();
  }

  /** A task, once it can be used. */
  TaskEntry get(Namespace namespace, String id) {
    TaskEntry entry = tasks.get(new Key(namespace, id));
    if (entry == null) {
      throw new NotFoundException("task " + id + " not found");
    }
    entry.awaitReady();
    if (entry.deleted()) {
      throw new NotFoundException("task " + id + " not found");
    }
    return entry;
  }

  /** Runs a change in the task's turn. */
  <T extends @Nullable Object> T change(
      Namespace namespace, String id, Function<TaskEntry, T> change) {
    TaskEntry entry = get(namespace, id);
    entry.lock();
    try {
      if (entry.deleted()) {
        throw new NotFoundException("task " + id + " not found");
      }
      return change.apply(entry);
    } finally {
      entry.unlock();
    }
  }

  /** Stores what the runtime returned, before anybody is told. */
  void store(TaskEntry entry, RuntimeState state) {
    store(entry, state, processes -> {});
  }

  void store(
      TaskEntry entry, RuntimeState state, Consumer<Map<String, TaskRecord.Process>> change) {
    TaskRecord old = entry.record();
    Map<String, TaskRecord.Process> processes = new HashMap<>(old.processes());
    change.accept(processes);
    TaskRecord next = old.with(processes, state);
    if (!next.equals(old)) {
      store(entry, next);
    }
  }

  private void store(TaskEntry entry, TaskRecord next) {
    metadata.stores(entry.namespace).tasks().put(next);
    entry.record(next);
  }

  /** Remembers that so many kills have been told of, before they are. */
  void storeMemoryKills(TaskEntry entry, long kills) {
    store(entry, entry.record().withMemoryKills(kills));
  }

  /** A task in memory, whatever it is going through. */
  @Nullable TaskEntry find(String namespace, String id) {
    return tasks.get(new Key(new Namespace(namespace), id));
  }

  void forget(TaskEntry entry) {
    entry.markDeleted();
    bundles.remove(entry.location());
    metadata.stores(entry.namespace).tasks().delete(entry.id());
    tasks.remove(new Key(entry.namespace, entry.id()), entry);
  }

  void publish(TaskEntry entry, Event event) {
    events.publish(new Envelope(Instant.now(), entry.namespace.name(), event.topic(), event));
  }
}
