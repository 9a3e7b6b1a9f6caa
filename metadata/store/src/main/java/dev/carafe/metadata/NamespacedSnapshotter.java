package dev.carafe.metadata;

import dev.carafe.engine.stores.Labels;
import dev.carafe.engine.stores.Lease;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.events.Event;
import dev.carafe.spi.metadata.ReadTransaction;
import dev.carafe.spi.metadata.WritableBucket;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.snapshots.Capability;
import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.Snapshot;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.spi.snapshots.Usage;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A snapshotter as one namespace sees it: its own keys, all labels, leases. Files are the back
 * end's, which knows each snapshot under a name that is never used again.
 *
 * <p>Removing takes away the record; the back end's snapshot goes with the next collection or with
 * {@link #cleanup}, so {@link Capability#CLEANUP} is always there.
 */
final class NamespacedSnapshotter implements Snapshotter {
  private final SnapshotContext context;
  private final Collector collector;
  private final Ledger ledger;
  private final Snapshotter backend;
  private final String namespace;
  private final String lease;

  /**
   * @param lease holds what is made; an id, or empty for none
   */
  NamespacedSnapshotter(
      SnapshotContext context, Collector collector, String namespace, String lease) {
    this.context = context;
    this.collector = collector;
    this.ledger = context.ledger();
    this.backend = context.backend();
    this.namespace = namespace;
    this.lease = lease;
  }

  @Override
  public Set<Capability> capabilities() {
    Set<Capability> capabilities = EnumSet.of(Capability.CLEANUP);
    capabilities.addAll(backend.capabilities());
    return Set.copyOf(capabilities);
  }

  @Override
  public Snapshot stat(SnapshotKey key) {
    SnapshotRecord record = ledger.view(tx -> found(tx, key));
    return shown(key.value(), record, inBackend(key, record, backend::stat));
  }

  @Override
  public Snapshot updateLabels(SnapshotKey key, UnaryOperator<Map<String, String>> change) {
    try (var _ = exclusively(Set.of(key))) {
      SnapshotRecord old = ledger.view(tx -> found(tx, key));
      SnapshotRecord changed =
          ledger.change(to -> {
            SnapshotRecord before = found(to.tx(), key);
            SnapshotRecord after =
                before.withLabels(Labels.checked(change.apply(before.labels())), to.now());
            records(to).put(key.value(), Formats.SNAPSHOT.encode(after));
            to.touch(node(key));
            if (!after.labels().equals(before.labels())) {
              to.deletes();
            }
            return after;
          });
      boolean same =
          SnapshotLabels.forBackend(old.labels())
              .equals(SnapshotLabels.forBackend(changed.labels()));
      Snapshot below =
          inBackend(
              key,
              changed,
              known ->
                  same
                      ? backend.stat(known)
                      : backend.updateLabels(
                          known,
                          now -> SnapshotLabels.merged(now, old.labels(), changed.labels())));
      return shown(key.value(), changed, below);
    }
  }

  @Override
  public Usage usage(SnapshotKey key) {
    return inBackend(key, ledger.view(tx -> found(tx, key)), backend::usage);
  }

  @Override
  public List<Mount> mounts(SnapshotKey key) {
    SnapshotRecord record = ledger.view(tx -> found(tx, key));
    if (record.kind() == SnapshotRecord.Kind.COMMITTED) {
      throw new FailedPreconditionException("snapshot \"" + key + "\": is committed");
    }
    return inBackend(key, record, backend::mounts);
  }

  @Override
  public List<Mount> prepare(
      SnapshotKey key, @Nullable SnapshotKey parent, Map<String, String> labels) {
    return creator().create(SnapshotRecord.Kind.ACTIVE, key, parent, Labels.checked(labels));
  }

  @Override
  public List<Mount> view(
      SnapshotKey key, @Nullable SnapshotKey parent, Map<String, String> labels) {
    return creator().create(SnapshotRecord.Kind.VIEW, key, parent, Labels.checked(labels));
  }

  @Override
  public void commit(CommitRequest request) {
    new SnapshotCommitter(context).commit(this, namespace, lease, request);
  }

  @Override
  public void remove(SnapshotKey key) {
    try (var _ = exclusively(Set.of(key))) {
      ledger.change(change -> {
        SnapshotRecord record = found(change.tx(), key);
        if (Schema.hasChildren(change.tx(), namespace, context.name(), key.value())) {
          throw new FailedPreconditionException(
              "snapshot \"" + key + "\": cannot remove snapshot with child");
        }
        forget(change, namespace, context.name(), key.value(), record);
        change.release(namespace, lease, resource(key));
        return null;
      });
    }
  }

  @Override
  public void forEach(Consumer<Snapshot> visitor) {
    Map<SnapshotKey, Snapshot> below = new HashMap<>();
    backend.forEach(snapshot -> below.put(snapshot.key(), snapshot));
    Pages.forEach(
        ledger,
        tx -> Schema.snapshots(tx, namespace, context.name()),
        Formats.SNAPSHOT,
        entry -> {
          Snapshot snapshot = below.get(new SnapshotKey(entry.value().backendKey()));
          Map<String, String> labels = snapshot == null ? Map.of() : snapshot.labels();
          visitor.accept(
              entry
                  .value()
                  .snapshot(entry.key(), SnapshotLabels.shown(entry.value().labels(), labels)));
        });
  }

  @Override
  public void cleanup() {
    collector.sweepBackend(context.name());
    if (backend.capabilities().contains(Capability.CLEANUP)) {
      try {
        backend.cleanup();
      } catch (UnimplementedException e) {
        // It has nothing to do.
      }
    }
  }

  /** Takes a snapshot's record away; nothing may be above it. */
  static void forget(
      Change change, String namespace, String snapshotter, String key, SnapshotRecord record) {
    WritableBucket records =
        change
            .tx()
            .createBucketIfAbsent(
                Schema.DATA, namespace, Schema.SNAPSHOTS, snapshotter, Schema.RECORDS);
    records.delete(key);
    if (record.parent() != null) {
      Schema.removeChild(change.tx(), namespace, snapshotter, record.parent(), key);
    }
    change.discards(new BackendGarbage.Snapshot(snapshotter, record.backendKey()));
    change.publish(namespace, new Event.SnapshotRemoved(key, snapshotter));
  }

  @Nullable SnapshotRecord find(ReadTransaction tx, SnapshotKey key) {
    return Formats.SNAPSHOT.decodeOrNull(
        key.value(), Schema.get(Schema.snapshots(tx, namespace, context.name()), key.value()));
  }

  /** Keeps other operations on these keys out, until closed. */
  KeyLocks.Held exclusively(Set<SnapshotKey> keys) {
    Set<Node> nodes = new HashSet<>();
    keys.forEach(key -> nodes.add(node(key)));
    return context.keys().acquire(nodes, context.patience());
  }

  private SnapshotCreator creator() {
    return new SnapshotCreator(context, this, namespace, lease);
  }

  private SnapshotRecord found(ReadTransaction tx, SnapshotKey key) {
    SnapshotRecord record = find(tx, key);
    if (record == null) {
      throw new NotFoundException("snapshot \"" + key + "\": not found");
    }
    return record;
  }

  private WritableBucket records(Change change) {
    return change
        .tx()
        .createBucketIfAbsent(
            Schema.DATA, namespace, Schema.SNAPSHOTS, context.name(), Schema.RECORDS);
  }

  private Node node(SnapshotKey key) {
    return Node.snapshot(namespace, context.name(), key.value());
  }

  private Lease.Resource resource(SnapshotKey key) {
    return Resources.snapshot(context.name(), key.value());
  }

  private static Snapshot shown(String key, SnapshotRecord record, Snapshot below) {
    return record.snapshot(key, SnapshotLabels.shown(record.labels(), below.labels()));
  }

  private static <T> T inBackend(
      SnapshotKey key, SnapshotRecord record, Function<SnapshotKey, T> call) {
    SnapshotKey known = new SnapshotKey(record.backendKey());
    return Renamed.call(known.value(), key.value(), () -> call.apply(known));
  }
}
