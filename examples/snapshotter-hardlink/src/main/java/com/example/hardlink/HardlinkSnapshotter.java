package com.example.hardlink;

import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.snapshots.Capability;
import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.Snapshot;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.spi.snapshots.Usage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Snapshots as copies of their parents, of which equal files take their bytes once.
 *
 * <p>An active snapshot starts as a copy of its parent, with extents shared where the file system
 * can (btrfs, XFS). When it is committed, files that an earlier layer has too become hard links to
 * one inode of a {@link Pool}: nobody writes into a committed layer, and an active snapshot's files
 * are always its own.
 *
 * <p>Locks: {@code this} guards the maps and is never held over slow work; a commit, a removal and
 * a cleanup hold {@link #pool} for their whole length, so that one of them runs at a time.
 */
final class HardlinkSnapshotter implements Snapshotter {
  private static final Set<Capability> CAPABILITIES =
      Set.of(Capability.CLEANUP, Capability.SURVIVES_RESTART);

  private final Records records;
  private final Pool pool;
  private final Map<SnapshotKey, Records.Entry> entries = new HashMap<>();

  /** Keys that are taken by a snapshot in the making, with its parent and number. */
  private final Map<SnapshotKey, Making> making = new HashMap<>();

  private long next;

  private record Making(SnapshotKey parent, long number) {}

  private HardlinkSnapshotter(Records records, Pool pool) {
    this.records = records;
    this.pool = pool;
  }

  static HardlinkSnapshotter open(Path root, long leastBytes) {
    return io(() -> {
      Records records = Records.open(root.resolve("snapshots"));
      Pool pool = Pool.open(root.resolve("pool"), leastBytes);
      HardlinkSnapshotter opened = new HardlinkSnapshotter(records, pool);
      records.readAll().forEach(entry -> opened.entries.put(entry.snapshot().key(), entry));
      opened.next = records.highest() + 1;
      return opened;
    });
  }

  @Override
  public Set<Capability> capabilities() {
    return CAPABILITIES;
  }

  @Override
  public Snapshot stat(SnapshotKey key) {
    return entry(key).snapshot();
  }

  @Override
  public synchronized Snapshot updateLabels(
      SnapshotKey key, UnaryOperator<Map<String, String>> change) {
    Records.Entry entry = entry(key);
    Records.Entry changed = entry.withLabels(change.apply(entry.snapshot().labels()));
    put(changed);
    return changed.snapshot();
  }

  @Override
  public Usage usage(SnapshotKey key) {
    Records.Entry entry = entry(key);
    return io(() -> Trees.usage(records.files(entry.number())));
  }

  @Override
  public List<Mount> mounts(SnapshotKey key) {
    return mounts(entry(key));
  }

  private List<Mount> mounts(Records.Entry entry) {
    return switch (entry.snapshot()) {
      case Snapshot.Active _ -> bind(entry, "rw");
      case Snapshot.View view -> bind(view.parent() == null ? entry : entry(view.parent()), "ro");
      case Snapshot.Committed committed ->
          throw new FailedPreconditionException(
              "snapshot \"" + committed.key() + "\" is committed and has no mounts");
    };
  }

  private List<Mount> bind(Records.Entry shown, String mode) {
    String source = records.files(shown.number()).toString();
    return List.of(new Mount("bind", source, List.of(mode, "rbind")));
  }

  @Override
  public List<Mount> prepare(SnapshotKey key, SnapshotKey parent, Map<String, String> labels) {
    Instant now = Instant.now();
    return make(new Snapshot.Active(key, parent, labels, now, now));
  }

  @Override
  public List<Mount> view(SnapshotKey key, SnapshotKey parent, Map<String, String> labels) {
    Instant now = Instant.now();
    return make(new Snapshot.View(key, parent, labels, now, now));
  }

  /** Takes the key first, copies then, and writes the record last: from there on it exists. */
  private List<Mount> make(Snapshot snapshot) {
    Optional<Records.Entry> parent;
    long number;
    synchronized (this) {
      requireFree(snapshot.key());
      parent = Optional.ofNullable(snapshot.parent()).map(this::committed);
      number = next++;
      making.put(snapshot.key(), new Making(snapshot.parent(), number));
    }
    try {
      Path files = io(() -> records.create(number));
      if (snapshot instanceof Snapshot.Active && parent.isPresent()) {
        io(() -> Trees.copy(records.files(parent.get().number()), files));
      }
      Records.Entry entry = new Records.Entry(number, snapshot);
      put(entry);
      return mounts(entry);
    } finally {
      synchronized (this) {
        making.remove(snapshot.key());
      }
    }
  }

  @Override
  public void commit(CommitRequest request) {
    if (request.parent() != null) {
      throw new UnimplementedException("a parent at commit: this snapshotter copies at the start");
    }
    synchronized (pool) {
      Records.Entry active = entry(request.key());
      if (!(active.snapshot() instanceof Snapshot.Active)) {
        throw new FailedPreconditionException(
            "snapshot \"" + request.key() + "\" is not active and cannot be committed");
      }
      synchronized (this) {
        requireFree(request.name());
        making.put(request.name(), new Making(active.snapshot().parent(), active.number()));
      }
      try {
        io(() -> pool.share(records.files(active.number()), records.spare(active.number())));
        io(() -> Trees.sync(records.files(active.number())));
        Instant now = Instant.now();
        synchronized (this) {
          put(
              new Records.Entry(
                  active.number(),
                  new Snapshot.Committed(
                      request.name(), active.snapshot().parent(), request.labels(), now, now)));
          entries.remove(request.key());
        }
      } finally {
        synchronized (this) {
          making.remove(request.name());
        }
      }
    }
  }

  @Override
  public void remove(SnapshotKey key) {
    synchronized (pool) {
      Records.Entry entry;
      synchronized (this) {
        entry = entry(key);
        if (hasChildren(key)) {
          throw new FailedPreconditionException("snapshot \"" + key + "\" has children");
        }
        io(() -> records.forget(entry.number()));
        entries.remove(key);
      }
      io(() -> records.delete(entry.number()));
    }
  }

  private boolean hasChildren(SnapshotKey key) {
    return entries.values().stream().anyMatch(entry -> key.equals(entry.snapshot().parent()))
        || making.values().stream().anyMatch(snapshot -> key.equals(snapshot.parent()));
  }

  @Override
  public void forEach(Consumer<Snapshot> visitor) {
    List<Records.Entry> all;
    synchronized (this) {
      all = List.copyOf(entries.values());
    }
    all.forEach(entry -> visitor.accept(entry.snapshot()));
  }

  /** Deletes what no record speaks of, and pooled files that no layer has any more. */
  @Override
  public void cleanup() {
    synchronized (pool) {
      Set<Long> known = new HashSet<>();
      long end;
      synchronized (this) {
        entries.values().forEach(entry -> known.add(entry.number()));
        making.values().forEach(snapshot -> known.add(snapshot.number()));
        end = next;
      }
      io(() -> records.deleteUnknown(known, end));
      io(pool::deleteUnused);
    }
  }

  private synchronized Records.Entry entry(SnapshotKey key) {
    Records.Entry entry = entries.get(key);
    if (entry == null) {
      throw new NotFoundException("snapshot \"" + key + "\": not found");
    }
    return entry;
  }

  private Records.Entry committed(SnapshotKey key) {
    Records.Entry entry = entry(key);
    if (!(entry.snapshot() instanceof Snapshot.Committed)) {
      throw new FailedPreconditionException("parent \"" + key + "\" is not committed");
    }
    return entry;
  }

  private void requireFree(SnapshotKey key) {
    if (entries.containsKey(key) || making.containsKey(key)) {
      throw new AlreadyExistsException("snapshot \"" + key + "\" exists already");
    }
  }

  private synchronized void put(Records.Entry entry) {
    io(() -> records.write(entry));
    entries.put(entry.snapshot().key(), entry);
  }

  private interface Work<T> {
    T run() throws IOException;
  }

  private interface Task {
    void run() throws IOException;
  }

  private static <T> T io(Work<T> work) {
    try {
      return work.run();
    } catch (ClosedByInterruptException e) {
      throw new CancelledException("snapshots: interrupted", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void io(Task task) {
    io(() -> {
      task.run();
      return true;
    });
  }
}
