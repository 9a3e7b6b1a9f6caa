package dev.carafe.metadata;

import dev.carafe.engine.stores.Labels;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.events.Event;
import dev.carafe.spi.metadata.Bucket;
import dev.carafe.spi.metadata.ReadTransaction;
import dev.carafe.spi.metadata.WritableBucket;
import dev.carafe.spi.snapshots.Capability;
import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.spi.snapshots.Snapshotter;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commits snapshots in three steps: the intent, the back end, the record. Whoever finds an intent
 * that nobody works on asks the back end how far it came and finishes or forgets it.
 */
final class SnapshotCommitter {
  private static final Logger log = LoggerFactory.getLogger(SnapshotCommitter.class);

  private final SnapshotContext context;
  private final Snapshotter backend;

  SnapshotCommitter(SnapshotContext context) {
    this.context = context;
    this.backend = context.backend();
  }

  void commit(
      NamespacedSnapshotter snapshots, String namespace, String lease, CommitRequest request) {
    Map<String, String> labels = Labels.checked(request.labels());
    if (request.parent() != null && !backend.capabilities().contains(Capability.REBASE)) {
      throw new UnimplementedException(
          "snapshot \"" + request.key() + "\": a parent at commit is not supported");
    }
    try (var _ = snapshots.exclusively(both(request.key(), request.name()))) {
      String backendName = context.sequences().backendName(namespace, request.name().value());
      try (Pins.Pin _ =
          context.pins().pin(new BackendGarbage.Snapshot(context.name(), backendName))) {
        // The lease holds the name that is taken as well, so the transaction must not fail.
        CommitIntent intent =
            context
                .ledger()
                .change(change ->
                    intend(change, snapshots, namespace, lease, request, backendName, labels))
                .orElseThrow(() ->
                    new AlreadyExistsException(
                        "snapshot \"" + request.name() + "\": already exists"));
        inBackend(snapshots, request, intent);
        finish(intent);
      }
    }
  }

  /**
   * Finishes or forgets a commit that a crash or a lost call left behind; one that somebody works
   * on is left to them.
   *
   * @throws DaemonException if the back end or the database does not answer; the intent stays
   */
  void resolve(CommitIntent intent) {
    Set<Node> keys =
        Set.of(
            node(intent, intent.key()),
            Node.snapshot(intent.namespace(), intent.snapshotter(), intent.name()));
    KeyLocks.Held held = context.keys().tryAcquire(keys);
    if (held == null) {
      return;
    }
    try (held;
        Pins.Pin _ =
            context.pins().pin(new BackendGarbage.Snapshot(context.name(), intent.backendName()))) {
      boolean stillThere =
          context.ledger().view(tx -> Schema.get(intents(tx), intent.backendName()) != null);
      if (!stillThere) {
        return;
      }
      if (isCommitted(intent)) {
        log.info("snapshot \"{}\": a commit that was under way is finished", intent.name());
        finish(intent);
      } else {
        forget(intent);
      }
    }
  }

  private void inBackend(
      NamespacedSnapshotter snapshots, CommitRequest request, CommitIntent intent) {
    SnapshotKey parent = request.parent();
    SnapshotKey backendParent =
        parent == null
            ? null
            : context
                .ledger()
                .view(tx -> new SnapshotKey(committed(tx, snapshots, parent).backendKey()));
    try {
      backend.commit(
          new CommitRequest(
              new SnapshotKey(intent.backendKey()),
              new SnapshotKey(intent.backendName()),
              backendParent,
              SnapshotLabels.forBackend(intent.labels())));
    } catch (RuntimeException e) {
      settle(intent, e);
      throw e instanceof DaemonException failure ? renamed(failure, intent, backendParent) : e;
    }
  }

  /** After a failure: the back end may have committed all the same, or may still do so. */
  private void settle(CommitIntent intent, RuntimeException cause) {
    boolean interrupted = Thread.interrupted();
    try {
      if (isCommitted(intent)) {
        finish(intent);
      } else {
        forget(intent);
      }
    } catch (RuntimeException e) {
      // The intent stays, and the next collection asks again.
      cause.addSuppressed(e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private boolean isCommitted(CommitIntent intent) {
    try {
      backend.stat(new SnapshotKey(intent.backendName()));
      return true;
    } catch (NotFoundException e) {
      return false;
    }
  }

  private Optional<CommitIntent> intend(
      Change change,
      NamespacedSnapshotter snapshots,
      String namespace,
      String lease,
      CommitRequest request,
      String backendName,
      Map<String, String> labels) {
    SnapshotKey key = request.key();
    SnapshotRecord active = snapshots.find(change.tx(), key);
    if (active == null) {
      throw new NotFoundException("snapshot \"" + key + "\": not found");
    }
    if (active.kind() != SnapshotRecord.Kind.ACTIVE) {
      throw new FailedPreconditionException("snapshot \"" + key + "\": is not active");
    }
    SnapshotKey parent = request.parent();
    if (parent != null) {
      if (active.parent() != null) {
        throw new FailedPreconditionException("snapshot \"" + key + "\": has a parent already");
      }
      committed(change.tx(), snapshots, parent);
    }
    String name = request.name().value();
    if (snapshots.find(change.tx(), request.name()) != null) {
      change.hold(namespace, lease, Resources.snapshot(context.name(), name));
      return Optional.empty();
    }
    CommitIntent intent =
        new CommitIntent(
            namespace,
            context.name(),
            key.value(),
            active.backendKey(),
            name,
            backendName,
            parent == null ? active.parent() : parent.value(),
            parent != null,
            labels,
            lease,
            change.now());
    if (parent != null) {
      // From here on the parent cannot be removed.
      Schema.addChild(change.tx(), namespace, context.name(), parent.value(), name);
      change.touch(Node.snapshot(namespace, context.name(), parent.value()));
    }
    change
        .tx()
        .createBucketIfAbsent(Schema.FACTS, Schema.INTENTS)
        .put(backendName, Formats.INTENT.encode(intent));
    change.touch(node(intent, intent.key()));
    return Optional.of(intent);
  }

  private void finish(CommitIntent intent) {
    context.ledger().change(change -> finish(change, intent));
  }

  private @Nullable Void finish(Change change, CommitIntent intent) {
    String namespace = intent.namespace();
    removeIntent(change, intent);
    WritableBucket records =
        change
            .tx()
            .createBucketIfAbsent(
                Schema.DATA, namespace, Schema.SNAPSHOTS, intent.snapshotter(), Schema.RECORDS);
    SnapshotRecord active =
        Formats.SNAPSHOT.decodeOrNull(intent.key(), Schema.get(records, intent.key()));
    if (active != null && active.backendKey().equals(intent.backendKey())) {
      records.delete(intent.key());
      if (active.parent() != null) {
        Schema.removeChild(
            change.tx(), namespace, intent.snapshotter(), active.parent(), intent.key());
      }
    }
    if (records.get(intent.name()) != null) {
      // Somebody took the name while nobody worked on the intent.
      change.discards(new BackendGarbage.Snapshot(intent.snapshotter(), intent.backendName()));
      return null;
    }
    SnapshotRecord committed =
        new SnapshotRecord(
            SnapshotRecord.Kind.COMMITTED,
            intent.backendName(),
            intent.parent(),
            change.now(),
            change.now(),
            intent.labels());
    records.put(intent.name(), Formats.SNAPSHOT.encode(committed));
    if (intent.parent() != null) {
      Schema.addChild(change.tx(), namespace, intent.snapshotter(), intent.parent(), intent.name());
    }
    change.touch(Node.snapshot(namespace, intent.snapshotter(), intent.name()));
    moveLease(change, intent);
    change.publish(
        namespace, new Event.SnapshotCommitted(intent.key(), intent.name(), intent.snapshotter()));
    return null;
  }

  /** The lease may have ended since the intent; the snapshot is committed all the same. */
  private static void moveLease(Change change, CommitIntent intent) {
    if (intent.lease().isEmpty()
        || change.tx().bucket(Schema.DATA, intent.namespace(), Schema.LEASES, intent.lease())
            == null) {
      return;
    }
    change.release(
        intent.namespace(), intent.lease(), Resources.snapshot(intent.snapshotter(), intent.key()));
    change.hold(
        intent.namespace(),
        intent.lease(),
        Resources.snapshot(intent.snapshotter(), intent.name()));
  }

  private void forget(CommitIntent intent) {
    context
        .ledger()
        .change(change -> {
          removeIntent(change, intent);
          if (intent.rebased() && intent.parent() != null) {
            Schema.removeChild(
                change.tx(),
                intent.namespace(),
                intent.snapshotter(),
                intent.parent(),
                intent.name());
          }
          return null;
        });
  }

  private static void removeIntent(Change change, CommitIntent intent) {
    WritableBucket intents = change.tx().bucket(Schema.FACTS, Schema.INTENTS);
    if (intents != null) {
      intents.delete(intent.backendName());
    }
  }

  private static @Nullable Bucket intents(ReadTransaction tx) {
    return tx.bucket(Schema.FACTS, Schema.INTENTS);
  }

  private SnapshotRecord committed(
      ReadTransaction tx, NamespacedSnapshotter snapshots, SnapshotKey parent) {
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
      DaemonException e, CommitIntent intent, @Nullable SnapshotKey backendParent) {
    DaemonException own = Renamed.failure(e, intent.backendKey(), intent.key());
    own = Renamed.failure(own, intent.backendName(), intent.name());
    return intent.parent() == null || backendParent == null
        ? own
        : Renamed.failure(own, backendParent.value(), intent.parent());
  }

  private static Node node(CommitIntent intent, String key) {
    return Node.snapshot(intent.namespace(), intent.snapshotter(), key);
  }

  private static Set<SnapshotKey> both(SnapshotKey key, SnapshotKey name) {
    return key.equals(name) ? Set.of(key) : Set.of(key, name);
  }
}
