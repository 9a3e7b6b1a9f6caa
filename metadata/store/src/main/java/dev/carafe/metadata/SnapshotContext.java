package dev.carafe.metadata;

import dev.carafe.spi.snapshots.Snapshotter;
import java.time.Duration;

/**
 * What all namespaced snapshotters over one back end share.
 *
 * @param name of the back end
 * @param keys keys that an operation works on
 * @param adopted back end keys that the database took over lately
 * @param patience how long an operation waits for another one on the same key
 */
record SnapshotContext(
    String name,
    Ledger ledger,
    Snapshotter backend,
    Sequences sequences,
    Pins pins,
    KeyLocks keys,
    BackendGarbage garbage,
    Adopted adopted,
    Duration patience) {}
