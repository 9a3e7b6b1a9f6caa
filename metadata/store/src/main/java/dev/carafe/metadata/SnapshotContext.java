package dev.carafe.metadata;

import dev.carafe.spi.plugins.Caller;
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
    Duration patience) {
  /** The same for the calls of one namespace under one lease. */
  SnapshotContext with(Caller caller) {
    return new SnapshotContext(
        name,
        ledger,
        new CallerSnapshotter(backend, caller),
        sequences,
        pins,
        keys,
        garbage,
        adopted,
        patience);
  }
}
