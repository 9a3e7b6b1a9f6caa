package dev.carafe.metadata;

import dev.carafe.engine.stores.TaskRecord;

/**
 * A task with the root file system that it runs on, which it holds even if its container goes
 * first.
 *
 * @param snapshotter with {@code snapshotKey}; both empty if it has none
 */
record StoredTask(TaskRecord task, String snapshotter, String snapshotKey) {}
