package dev.carafe.metadata;

import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.plugins.Caller;
import java.time.Duration;

/**
 * What all namespaced content stores share.
 *
 * @param writers the refs that have an open writer
 * @param ingestLife how long an ingest without lease is kept
 */
record ContentContext(
    Ledger ledger,
    ContentStore backend,
    Sequences sequences,
    Pins pins,
    BackendGarbage garbage,
    KeyLocks writers,
    ContentSharing sharing,
    Duration ingestLife) {
  /** The same for the calls of one namespace under one lease. */
  ContentContext with(Caller caller) {
    return new ContentContext(
        ledger,
        new CallerContentStore(backend, caller),
        sequences,
        pins,
        garbage,
        writers,
        sharing,
        ingestLife);
  }
}
