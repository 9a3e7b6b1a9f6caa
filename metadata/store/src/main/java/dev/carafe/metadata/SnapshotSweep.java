package dev.carafe.metadata;

import dev.carafe.spi.metadata.Bucket;
import dev.carafe.spi.metadata.ReadTransaction;
import dev.carafe.spi.snapshots.Capability;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.spi.snapshots.Snapshotter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Removes snapshots that no namespace knows from one snapshotter. */
final class SnapshotSweep extends BackendSweep {
  private final String name;
  private final Ledger ledger;
  private final Snapshotter backend;
  private final Sequences sequences;
  private final Adopted adopted;
  private volatile boolean toBeFreed = true;

  SnapshotSweep(SnapshotContext context, Trust trust) {
    super(context.name(), context.garbage(), context.pins(), trust);
    this.name = context.name();
    this.ledger = context.ledger();
    this.backend = context.backend();
    this.sequences = context.sequences();
    this.adopted = context.adopted();
  }

  boolean frees() {
    return backend.capabilities().contains(Capability.CLEANUP);
  }

  /** Lets the back end free space; off every request path. */
  void free() {
    toBeFreed = false;
    boolean done = false;
    try {
      backend.cleanup();
      done = true;
    } finally {
      toBeFreed |= !done;
    }
  }

  /**
   * Whether there may be something to free: after removals, after a failure, and after a start,
   * since an earlier daemon may have been killed between the two.
   */
  boolean toBeFreed(int removed) {
    toBeFreed |= removed > 0;
    return toBeFreed && frees();
  }

  @Override
  List<BackendGarbage.Item> list() {
    Map<String, @Nullable String> parents = new HashMap<>();
    backend.forEach(snapshot -> {
      SnapshotKey parent = snapshot.parent();
      parents.put(snapshot.key().value(), parent == null ? null : parent.value());
    });
    return childrenFirst(parents);
  }

  @Override
  List<BackendGarbage.Item> unknown(List<BackendGarbage.Item> items) {
    adopted.clear();
    if (items.isEmpty()) {
      return items;
    }
    Set<String> known = ledger.view(this::known);
    return items.stream()
        .filter(item ->
            item instanceof BackendGarbage.Snapshot snapshot
                && !known.contains(snapshot.backendKey()))
        .toList();
  }

  @Override
  Set<BackendGarbage.Item> knownNow(List<BackendGarbage.Item> items) {
    return items.stream()
        .filter(item ->
            item instanceof BackendGarbage.Snapshot snapshot
                && adopted.contains(snapshot.backendKey()))
        .collect(Collectors.toSet());
  }

  /** A parent waits for its children. */
  @Override
  boolean goesWithOthers(BackendGarbage.Item item) {
    return false;
  }

  @Override
  void removeTogether(List<BackendGarbage.Item> items) {
    items.forEach(this::remove);
  }

  @Override
  void remove(BackendGarbage.Item item) {
    if (item instanceof BackendGarbage.Snapshot snapshot) {
      backend.remove(new SnapshotKey(snapshot.backendKey()));
    }
  }

  @Override
  boolean isFromTheFuture(BackendGarbage.Item item) {
    if (!(item instanceof BackendGarbage.Snapshot snapshot)) {
      return false;
    }
    OptionalLong number = Sequences.numberOf(snapshot.backendKey());
    return number.isPresent() && number.getAsLong() > sequences.reserved();
  }

  private Set<String> known(ReadTransaction tx) {
    Set<String> known = new HashSet<>();
    for (String namespace : NamespaceTable.names(tx)) {
      Bucket records = Schema.snapshots(tx, namespace, name);
      if (records != null) {
        records.forEach(
            (key, value) -> known.add(Formats.SNAPSHOT.decode(key, value).backendKey()));
      }
    }
    Bucket intents = tx.bucket(Schema.FACTS, Schema.INTENTS);
    if (intents != null) {
      intents.forEach((key, value) -> {
        CommitIntent intent = Formats.INTENT.decode(key, value);
        known.add(intent.backendKey());
        known.add(intent.backendName());
      });
    }
    return known;
  }

  private List<BackendGarbage.Item> childrenFirst(Map<String, @Nullable String> parents) {
    Map<String, Integer> children = new HashMap<>();
    for (String parent : parents.values()) {
      if (parent != null) {
        children.merge(parent, 1, Integer::sum);
      }
    }
    List<BackendGarbage.Item> ordered = new ArrayList<>();
    for (String leaf : parents.keySet()) {
      if (children.containsKey(leaf)) {
        continue;
      }
      String at = leaf;
      while (at != null) {
        ordered.add(new BackendGarbage.Snapshot(name, at));
        String parent = parents.get(at);
        boolean last = parent != null && children.merge(parent, -1, Integer::sum) == 0;
        at = last && parents.containsKey(parent) ? parent : null;
      }
    }
    return ordered;
  }
}
