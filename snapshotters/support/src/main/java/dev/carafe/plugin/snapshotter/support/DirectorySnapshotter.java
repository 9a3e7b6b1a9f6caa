package dev.carafe.plugin.snapshotter.support;

import dev.carafe.linux.ErrnoException;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.snapshots.Capability;
import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.Snapshot;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.spi.snapshots.Usage;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A snapshotter that keeps each snapshot in a directory, complete but for what is in it: that is
 * the business of {@link SnapshotFiles}.
 *
 * <p>Calls for one key come after each other; no other lock is held while files are touched. What a
 * call reported is on the medium. The usage of a committed snapshot is measured when it is first
 * asked for, not at commit.
 */
public final class DirectorySnapshotter implements Snapshotter, AutoCloseable {
  private final SnapshotFiles files;
  private final SnapshotDirectories directories;
  private final SnapshotRecords records;
  private final KeyLocks locks = new KeyLocks();

  private DirectorySnapshotter(
      SnapshotFiles files, SnapshotDirectories directories, SnapshotRecords records) {
    this.files = files;
    this.directories = directories;
    this.records = records;
  }

  /**
   * Opens what is in {@code root}, which exists, and puts right what a crash left half done.
   *
   * @throws dev.carafe.spi.errors.DataLossException if the records are damaged
   */
  public static DirectorySnapshotter open(Path root, SnapshotFiles files) {
    SnapshotLayout layout = new SnapshotLayout(root.toAbsolutePath().normalize());
    SnapshotRecords records = SnapshotRecords.open(layout);
    try {
      SnapshotDirectories directories = new SnapshotDirectories(layout, records, files);
      directories.repair();
      return new DirectorySnapshotter(files, directories, records);
    } catch (RuntimeException | Error e) {
      records.close();
      throw e;
    }
  }

  @Override
  public Set<Capability> capabilities() {
    return files.capabilities();
  }

  @Override
  public Snapshot stat(SnapshotKey key) {
    return shown(records.get(key));
  }

  private Snapshot shown(StoredSnapshot snapshot) {
    return snapshot.toSnapshot(
        records.keyOf(snapshot.parent()), files.labels(directories.files(snapshot)));
  }

  @Override
  public Snapshot updateLabels(SnapshotKey key, UnaryOperator<Map<String, String>> change) {
    try (var _ = locks.lock(key)) {
      StoredSnapshot snapshot = records.get(key);
      Map<String, String> labels = change.apply(snapshot.labels());
      StoredSnapshot changed = snapshot.withLabels(labels, Instant.now());
      records.put(changed);
      return shown(changed);
    }
  }

  @Override
  public Usage usage(SnapshotKey key) {
    StoredSnapshot snapshot = records.get(key);
    Usage known = snapshot.usage();
    if (known != null) {
      return known;
    }
    Usage measured;
    try {
      measured = DiskUsage.of(directories.files(snapshot));
    } catch (ErrnoException e) {
      // Removed meanwhile, or lost; if neither, the failure is what it says.
      directories.requirePresent(records.get(key).id());
      throw e;
    }
    if (snapshot.kind() == SnapshotKind.COMMITTED) {
      records.remember(snapshot, measured);
    }
    return measured;
  }

  @Override
  public List<Mount> mounts(SnapshotKey key) {
    StoredSnapshot snapshot = records.get(key);
    if (snapshot.kind() == SnapshotKind.COMMITTED) {
      throw new FailedPreconditionException(
          named(key) + "committed, so it has no mounts; take a view");
    }
    directories.requirePresent(snapshot.id());
    return files.mounts(directories.place(snapshot));
  }

  @Override
  public List<Mount> prepare(
      SnapshotKey key, @Nullable SnapshotKey parent, Map<String, String> labels) {
    return create(SnapshotKind.ACTIVE, key, parent, labels);
  }

  @Override
  public List<Mount> view(
      SnapshotKey key, @Nullable SnapshotKey parent, Map<String, String> labels) {
    return create(SnapshotKind.VIEW, key, parent, labels);
  }

  private List<Mount> create(
      SnapshotKind kind,
      SnapshotKey key,
      @Nullable SnapshotKey parent,
      Map<String, String> labels) {
    try (var _ = locks.lock(key)) {
      requireFree(key);
      long below = parent == null ? 0 : records.pin(parent);
      long id = records.newId();
      try {
        directories.requireAllPresent(below);
        Instant now = Instant.now();
        StoredSnapshot snapshot = new StoredSnapshot(id, kind, key, below, labels, now, now, null);
        directories.create(snapshot);
        records.put(snapshot);
        return files.mounts(directories.place(snapshot));
      } catch (ErrnoException e) {
        throw Failures.of(named(key) + "preparing", e);
      } finally {
        if (!records.exists(id)) {
          directories.discard(id);
        }
        // The child is counted by its own record now, or there is none.
        records.unpin(below);
        records.made(id);
      }
    }
  }

  @Override
  public void commit(CommitRequest request) {
    SnapshotKey key = request.key();
    try (var _ = locks.lock(key, request.name())) {
      StoredSnapshot snapshot = records.get(key);
      if (snapshot.kind() != SnapshotKind.ACTIVE) {
        throw new FailedPreconditionException(named(key) + "not active, so it cannot be committed");
      }
      long below = snapshot.parent();
      long pinned = 0;
      if (request.parent() != null) {
        if (!capabilities().contains(Capability.REBASE)) {
          throw new UnimplementedException(
              named(key) + "a parent at commit is not supported by this snapshotter");
        }
        if (below != 0) {
          throw new FailedPreconditionException(named(key) + "has a parent already");
        }
      }
      requireFree(request.name());
      if (request.parent() != null) {
        pinned = records.pin(request.parent());
        below = pinned;
      }
      try {
        directories.requireAllPresent(below);
        directories.requirePresent(snapshot.id());
        files.seal(directories.place(snapshot));
        directories.sync(snapshot.id());
        records.put(snapshot.committed(request.name(), below, request.labels(), Instant.now()));
      } catch (ErrnoException e) {
        throw Failures.of(named(key) + "committing", e);
      } finally {
        records.unpin(pinned);
      }
    }
  }

  @Override
  public void remove(SnapshotKey key) {
    try (var _ = locks.lock(key)) {
      StoredSnapshot snapshot = records.get(key);
      records.remove(snapshot);
      if (files.removesAtOnce()) {
        directories.discard(snapshot.id());
      }
    }
  }

  @Override
  public void forEach(Consumer<Snapshot> visitor) {
    records.all().forEach(snapshot -> visitor.accept(shown(snapshot)));
  }

  @Override
  public void cleanup() {
    directories.cleanup();
  }

  /** Ends the writing of records. Idempotent. */
  @Override
  public void close() {
    records.close();
  }

  private void requireFree(SnapshotKey key) {
    if (records.find(key) != null) {
      throw new AlreadyExistsException(named(key) + "already exists");
    }
  }

  private static String named(SnapshotKey key) {
    return "snapshot \"" + key + "\": ";
  }
}
