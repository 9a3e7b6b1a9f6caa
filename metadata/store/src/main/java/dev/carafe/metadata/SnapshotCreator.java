package dev.carafe.metadata;

import dev.carafe.engine.stores.Labels;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.events.Event;
import dev.carafe.spi.metadata.ReadTransaction;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.snapshots.Snapshot;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.spi.snapshots.Snapshotter;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Prepares snapshots and views: the back end's snapshot first, under a name that is pinned, then
 * the record. A crash in between leaves a snapshot that no record names, for the next collection.
 */
final class SnapshotCreator {
  private static final Logger log = LoggerFactory.getLogger(SnapshotCreator.class);
  private static final int TRIES = 8;

  private final SnapshotContext context;
  private final NamespacedSnapshotter snapshots;
  private final Snapshotter backend;
  private final String namespace;
  private final String lease;

  SnapshotCreator(
      SnapshotContext context, NamespacedSnapshotter snapshots, String namespace, String lease) {
    this.context = context;
    this.snapshots = snapshots;
    this.backend = context.backend();
    this.namespace = namespace;
    this.lease = lease;
  }

  List<Mount> create(
      SnapshotRecord.Kind kind,
      SnapshotKey key,
      @Nullable SnapshotKey parent,
      Map<String, String> labels) {
    String ref = labels.getOrDefault(Labels.SNAPSHOT_REF, "");
    SnapshotKey target = ref.isEmpty() ? null : new SnapshotKey(ref);
    Set<SnapshotKey> keys = target == null ? Set.of(key) : Set.copyOf(List.of(key, target));
    try (var _ = snapshots.exclusively(keys)) {
      if (target != null && isHere(target)) {
        throw alreadyExists(target);
      }
      if (isHere(key)) {
        throw alreadyExists(key);
      }
      SnapshotRecord below =
          parent == null ? null : context.ledger().view(tx -> parent(tx, parent));
      return make(kind, key, parent, below, labels);
    }
  }

  private List<Mount> make(
      SnapshotRecord.Kind kind,
      SnapshotKey key,
      @Nullable SnapshotKey parent,
      @Nullable SnapshotRecord below,
      Map<String, String> labels) {
    SnapshotKey backendParent = below == null ? null : new SnapshotKey(below.backendKey());
    Map<String, String> passed = SnapshotLabels.forBackend(labels);
    for (int tries = 1; ; tries++) {
      SnapshotKey known = context.sequences().backendKey(namespace, key);
      try (Pins.Pin _ =
          context.pins().pin(new BackendGarbage.Snapshot(context.name(), known.value()))) {
        List<Mount> mounts;
        try {
          mounts =
              kind == SnapshotRecord.Kind.VIEW
                  ? backend.view(known, backendParent, passed)
                  : backend.prepare(known, backendParent, passed);
        } catch (AlreadyExistsException e) {
          if (labels.containsKey(Labels.SNAPSHOT_REF)) {
            adopt(labels, parent, backendParent);
          }
          // The label's snapshot went meanwhile, or the back end is ahead of the database's
          // numbers.
          if (tries == TRIES) {
            throw Renamed.failure(e, known.value(), key.value());
          }
          log.warn("snapshotter {} knows \"{}\" and the database does not", context.name(), known);
          continue;
        } catch (DaemonException e) {
          discard(known);
          throw renamed(e, known, key, parent, backendParent);
        }
        record(kind, key, known, parent, labels);
        return mounts;
      }
    }
  }

  private void record(
      SnapshotRecord.Kind kind,
      SnapshotKey key,
      SnapshotKey known,
      @Nullable SnapshotKey parent,
      Map<String, String> labels) {
    try {
      context
          .ledger()
          .change(change -> {
            put(change, kind, key, known, parent, labels);
            if (kind == SnapshotRecord.Kind.ACTIVE) {
              change.publish(
                  namespace,
                  new Event.SnapshotPrepared(
                      key.value(), parent == null ? "" : parent.value(), context.name()));
            }
            return null;
          });
    } catch (RuntimeException e) {
      discard(known);
      throw e;
    }
  }

  /** The next collection looks whether the snapshot is known. */
  private void discard(SnapshotKey known) {
    context.garbage().add(List.of(new BackendGarbage.Snapshot(context.name(), known.value())));
  }

  private void put(
      Change change,
      SnapshotRecord.Kind kind,
      SnapshotKey key,
      SnapshotKey known,
      @Nullable SnapshotKey parent,
      Map<String, String> labels) {
    if (parent != null) {
      parent(change.tx(), parent);
      Schema.addChild(change.tx(), namespace, context.name(), parent.value(), key.value());
    }
    SnapshotRecord record =
        new SnapshotRecord(
            kind,
            known.value(),
            parent == null ? null : parent.value(),
            change.now(),
            change.now(),
            labels);
    change
        .tx()
        .createBucketIfAbsent(
            Schema.DATA, namespace, Schema.SNAPSHOTS, context.name(), Schema.RECORDS)
        .put(key.value(), Formats.SNAPSHOT.encode(record));
    change.touch(Node.snapshot(namespace, context.name(), key.value()));
    change.hold(namespace, lease, Resources.snapshot(context.name(), key.value()));
  }

  /**
   * Takes over the committed snapshot that the back end made for the label {@code snapshot.ref},
   * and says so. Returns if there is none.
   */
  private void adopt(
      Map<String, String> labels,
      @Nullable SnapshotKey parent,
      @Nullable SnapshotKey backendParent) {
    String ref = labels.getOrDefault(Labels.SNAPSHOT_REF, "");
    SnapshotKey target = new SnapshotKey(ref);
    AtomicReference<@Nullable SnapshotKey> found = new AtomicReference<>();
    backend.forEach(snapshot -> {
      if (snapshot instanceof Snapshot.Committed
          && ref.equals(snapshot.labels().get(Labels.SNAPSHOT_REF))
          && Objects.equals(snapshot.parent(), backendParent)) {
        found.set(snapshot.key());
      }
    });
    SnapshotKey known = found.get();
    if (known == null) {
      return;
    }
    try (Pins.Pin _ =
        context.pins().pin(new BackendGarbage.Snapshot(context.name(), known.value()))) {
      if (!isInBackend(known)) {
        return;
      }
      context
          .ledger()
          .change(change -> {
            put(change, SnapshotRecord.Kind.COMMITTED, target, known, parent, labels);
            return null;
          });
      context.adopted().add(known.value());
    }
    throw alreadyExists(target);
  }

  /**
   * Whether there is a snapshot under a key; then the lease holds it from here on. A record whose
   * snapshot the back end has lost, and that nothing stands on, makes room for a new one.
   */
  private boolean isHere(SnapshotKey key) {
    SnapshotRecord record = context.ledger().view(tx -> snapshots.find(tx, key));
    if (record == null) {
      return false;
    }
    boolean lost = !isInBackend(new SnapshotKey(record.backendKey()));
    if (!lost && lease.isEmpty()) {
      return true;
    }
    return context
        .ledger()
        .<Boolean>change(change -> {
          if (snapshots.find(change.tx(), key) == null) {
            return false;
          }
          if (lost && !Schema.hasChildren(change.tx(), namespace, context.name(), key.value())) {
            log.warn("snapshotter {} has lost \"{}\"; its record goes", context.name(), key);
            NamespacedSnapshotter.forget(change, namespace, context.name(), key.value(), record);
            return false;
          }
          change.hold(namespace, lease, Resources.snapshot(context.name(), key.value()));
          return true;
        });
  }

  private boolean isInBackend(SnapshotKey known) {
    try {
      backend.stat(known);
      return true;
    } catch (NotFoundException e) {
      return false;
    }
  }

  private SnapshotRecord parent(ReadTransaction tx, SnapshotKey parent) {
    SnapshotRecord record = snapshots.find(tx, parent);
    if (record == null) {
      throw new NotFoundException("parent snapshot \"" + parent + "\": not found");
    }
    if (record.kind() != SnapshotRecord.Kind.COMMITTED) {
      throw new FailedPreconditionException("parent snapshot \"" + parent + "\": is not committed");
    }
    return record;
  }

  private static DaemonException renamed(
      DaemonException e,
      SnapshotKey known,
      SnapshotKey key,
      @Nullable SnapshotKey parent,
      @Nullable SnapshotKey backendParent) {
    DaemonException own = Renamed.failure(e, known.value(), key.value());
    return parent == null || backendParent == null
        ? own
        : Renamed.failure(own, backendParent.value(), parent.value());
  }

  private static AlreadyExistsException alreadyExists(SnapshotKey key) {
    return new AlreadyExistsException("snapshot \"" + key + "\": already exists");
  }
}
