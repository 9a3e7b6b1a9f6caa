package dev.carafe.metadata;

import dev.carafe.engine.stores.GarbageCollector;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.NamespaceStore;
import dev.carafe.engine.stores.Stores;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.events.EventBus;
import dev.carafe.spi.metadata.MetadataDatabase;
import dev.carafe.spi.plugins.PluginUse;
import dev.carafe.spi.snapshots.Snapshotter;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Everything together: one database, one content store, some snapshotters. */
final class NamespacedMetadata implements Metadata, AutoCloseable {
  /** Longer than any one call of a back end may take. */
  private static final Duration PATIENCE = Duration.ofSeconds(150);

  private final Ledger ledger;
  private final ContentContext content;
  private final SnapshotContexts snapshotters;
  private final Trust trust;
  private final Collector collector;

  /**
   * What is to be put together.
   *
   * @param root a directory for the watermark
   */
  record Parts(
      MetadataDatabase database,
      ContentStore content,
      Map<String, Snapshotter> snapshotters,
      EventBus events,
      Path root,
      Clock clock) {}

  private NamespacedMetadata(
      Ledger ledger,
      ContentContext content,
      SnapshotContexts snapshotters,
      Trust trust,
      Collector collector) {
    this.ledger = ledger;
    this.content = content;
    this.snapshotters = snapshotters;
    this.trust = trust;
    this.collector = collector;
  }

  /** Opens or creates the schema, and finishes what a crash left half done. */
  static NamespacedMetadata open(Parts parts, MetadataConfig config) {
    BackendGarbage garbage = new BackendGarbage();
    Ledger ledger = new Ledger(parts.database(), parts.events(), garbage, parts.clock());
    boolean isNew = Migrations.run(ledger, Migrations.STEPS);
    Sequences sequences = new Sequences(ledger);
    Trust trust =
        Trust.open(
            ledger,
            new Watermark(parts.root().resolve("watermark")),
            sequences,
            parts.content(),
            parts.snapshotters(),
            isNew,
            config.trustDatabase());
    Pins pins = new Pins(PATIENCE);
    KeyLocks writers = new KeyLocks();
    ContentContext content =
        new ContentContext(
            ledger,
            parts.content(),
            sequences,
            pins,
            garbage,
            writers,
            config.contentSharingPolicy(),
            config.ingestLife());
    KeyLocks keys = new KeyLocks();
    SnapshotContexts snapshotters =
        new SnapshotContexts(
            ledger,
            parts.snapshotters(),
            (name, backend) ->
                new SnapshotContext(
                    name, ledger, backend, sequences, pins, keys, garbage, new Adopted(), PATIENCE),
            context -> new SnapshotSweep(context, trust));
    BackendSweep blobs = new ContentSweep(ledger, parts.content(), sequences, garbage, pins, trust);
    Collector collector =
        new Collector(ledger, writers, trust, snapshotters, blobs, config.backendPatience());
    collector.resolveCommits();
    return new NamespacedMetadata(ledger, content, snapshotters, trust, collector);
  }

  @Override
  public Stores stores(Namespace namespace) {
    return stores(namespace, "");
  }

  @Override
  public Stores stores(Namespace namespace, String leaseId) {
    return new NamespacedStores(namespace, leaseId, content, snapshotters, collector);
  }

  @Override
  public NamespaceStore namespaces() {
    return new NamespaceTable(ledger);
  }

  @Override
  public GarbageCollector collector() {
    return collector;
  }

  /** What is kept of a snapshotter. */
  List<PluginUse> uses(String snapshotter) {
    return snapshotters.uses(snapshotter);
  }

  /** Why nothing is removed from back ends; empty if it is. */
  Optional<String> suspicion() {
    return trust.suspicion();
  }

  @Override
  public void close() {
    collector.close();
    trust.advance();
  }
}
