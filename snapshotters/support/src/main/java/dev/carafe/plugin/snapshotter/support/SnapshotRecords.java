package dev.carafe.plugin.snapshotter.support;

import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.spi.snapshots.Usage;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * All snapshots in memory, and each change in the log before it is seen. Reads take no lock and
 * wait for nothing. Holders of a key's lock change its snapshot; what goes across keys, who is
 * whose parent, is guarded here.
 */
final class SnapshotRecords implements AutoCloseable {
  private final Map<Long, StoredSnapshot> byId = new ConcurrentHashMap<>();
  private final Map<SnapshotKey, Long> ids = new ConcurrentHashMap<>();
  private final RecordWriter writer;

  /** Guards the rest; never held during I/O. */
  private final Object guard = new Object();

  private final Map<Long, Integer> children = new HashMap<>();
  private final Set<Long> removing = new HashSet<>();
  private final Set<Long> making = new HashSet<>();
  private long lastId;

  private SnapshotRecords(SnapshotLayout layout) {
    RecordLog log = RecordLog.open(layout, bytes -> ChangeCodec.decode(bytes, this::apply));
    writer = new RecordWriter(log, this::apply, this::everything);
  }

  /**
   * Opens what is there, or nothing.
   *
   * @throws dev.carafe.spi.errors.DataLossException if the log is damaged
   */
  static SnapshotRecords open(SnapshotLayout layout) {
    return new SnapshotRecords(layout);
  }

  private void apply(Change change) {
    switch (change) {
      case Change.Put(StoredSnapshot now) -> {
        StoredSnapshot before = byId.put(now.id(), now);
        ids.put(now.key(), now.id());
        if (before != null && !before.key().equals(now.key())) {
          ids.remove(before.key(), now.id());
        }
        synchronized (guard) {
          lastId = Math.max(lastId, now.id());
          count(before == null ? 0 : before.parent(), -1);
          count(now.parent(), 1);
        }
      }
      case Change.Remove(long id) -> {
        StoredSnapshot before = byId.remove(id);
        if (before != null) {
          ids.remove(before.key(), id);
        }
        synchronized (guard) {
          lastId = Math.max(lastId, id);
          count(before == null ? 0 : before.parent(), -1);
          removing.remove(id);
        }
      }
    }
  }

  /** What a new log must say: which ids were given out, and what exists. */
  private List<Change> everything() {
    List<Change> changes = new ArrayList<>();
    synchronized (guard) {
      changes.add(new Change.Remove(lastId));
    }
    byId.values().forEach(snapshot -> changes.add(new Change.Put(snapshot)));
    return changes;
  }

  private void count(long parent, int change) {
    if (parent != 0) {
      children.merge(parent, change, (a, b) -> a + b == 0 ? null : a + b);
    }
  }

  Collection<StoredSnapshot> all() {
    return byId.values();
  }

  @Nullable StoredSnapshot find(SnapshotKey key) {
    Long id = ids.get(key);
    StoredSnapshot found = id == null ? null : byId.get(id);
    return found != null && found.key().equals(key) ? found : null;
  }

  /**
   * @throws NotFoundException if there is none
   */
  StoredSnapshot get(SnapshotKey key) {
    StoredSnapshot found = find(key);
    if (found == null) {
      throw new NotFoundException("snapshot \"" + key + "\": not found");
    }
    return found;
  }

  @Nullable SnapshotKey keyOf(long id) {
    StoredSnapshot found = byId.get(id);
    return found == null ? null : found.key();
  }

  /** Ids of the snapshots below, newest first. */
  List<Long> ancestors(long parent) {
    List<Long> chain = new ArrayList<>();
    for (long id = parent; id != 0; ) {
      chain.add(id);
      StoredSnapshot found = byId.get(id);
      id = found == null ? 0 : found.parent();
    }
    return chain;
  }

  /**
   * Makes sure that a parent stays until {@link #unpin}.
   *
   * @return its id
   * @throws NotFoundException if there is none
   * @throws FailedPreconditionException if it is not committed
   */
  long pin(SnapshotKey parent) {
    synchronized (guard) {
      StoredSnapshot found = get(parent);
      if (found.kind() != SnapshotKind.COMMITTED) {
        throw new FailedPreconditionException(
            "snapshot \"" + parent + "\": not committed, so it cannot be a parent");
      }
      if (removing.contains(found.id())) {
        throw new NotFoundException("snapshot \"" + parent + "\": not found");
      }
      count(found.id(), 1);
      return found.id();
    }
  }

  void unpin(long parent) {
    synchronized (guard) {
      count(parent, -1);
    }
  }

  /** An id for a snapshot that is being made; {@link #made} ends that, whatever came of it. */
  long newId() {
    synchronized (guard) {
      making.add(++lastId);
      return lastId;
    }
  }

  void made(long id) {
    synchronized (guard) {
      making.remove(id);
    }
  }

  /** No id up to this one is given out. */
  void skipTo(long id) {
    synchronized (guard) {
      lastId = Math.max(lastId, id);
    }
  }

  /** Whether a directory with this id belongs to nothing. */
  boolean isLeftOver(long id) {
    synchronized (guard) {
      if (making.contains(id) || id > lastId) {
        return false;
      }
    }
    return !byId.containsKey(id);
  }

  boolean isMaking(long id) {
    synchronized (guard) {
      return making.contains(id);
    }
  }

  boolean exists(long id) {
    return byId.containsKey(id);
  }

  /** Writes the snapshot down; on the medium when it returns. */
  void put(StoredSnapshot snapshot) {
    writer.write(new Change.Put(snapshot));
  }

  /**
   * Removes a snapshot that has no children; on the medium when it returns.
   *
   * @throws FailedPreconditionException if it has children
   */
  void remove(StoredSnapshot snapshot) {
    synchronized (guard) {
      if (children.containsKey(snapshot.id())) {
        throw new FailedPreconditionException("snapshot \"" + snapshot.key() + "\": has children");
      }
      removing.add(snapshot.id());
    }
    try {
      writer.write(new Change.Remove(snapshot.id()));
    } catch (RuntimeException e) {
      synchronized (guard) {
        removing.remove(snapshot.id());
      }
      throw e;
    }
  }

  /** Remembers what was measured, in memory; the next change of this snapshot writes it down. */
  void remember(StoredSnapshot snapshot, Usage usage) {
    byId.replace(snapshot.id(), snapshot, snapshot.withUsage(usage));
  }

  /** Ends the writing. What was written stays. */
  @Override
  public void close() {
    writer.close();
  }
}
