package dev.carafe.plugin.snapshotter.support;

import dev.carafe.linux.DirectoryReader;
import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileCalls;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.TreeRemover;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DataLossException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The snapshots' directories: made under another name, left over, cleaned up. */
final class SnapshotDirectories {
  private static final int PRIVATE = 0700;

  private final SnapshotLayout layout;
  private final SnapshotRecords records;
  private final SnapshotFiles files;
  private final ReentrantLock cleaning = new ReentrantLock();

  /** Snapshots whose directories were gone at start. */
  private final Set<Long> lost = ConcurrentHashMap.newKeySet();

  SnapshotDirectories(SnapshotLayout layout, SnapshotRecords records, SnapshotFiles files) {
    this.layout = layout;
    this.records = records;
    this.files = files;
  }

  /**
   * After a start: takes note of what is there. A snapshot that was being written and whose
   * directory a power failure took gets a new one; of a committed one it is noted that it is lost.
   */
  void repair() {
    Set<Long> present = new HashSet<>();
    try {
      Files.createDirectories(layout.snapshots());
      try (DirectoryStream<Path> names = Files.newDirectoryStream(layout.snapshots())) {
        for (Path path : names) {
          String name = String.valueOf(path.getFileName());
          long id = SnapshotLayout.id(name);
          if (id >= 0) {
            records.skipTo(id);
            if (!SnapshotLayout.isUnfinished(name)) {
              present.add(id);
            }
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List<StoredSnapshot> missing =
        records.all().stream().filter(snapshot -> !present.contains(snapshot.id())).toList();
    missing.forEach(snapshot -> lost.add(snapshot.id()));
    for (StoredSnapshot snapshot : missing) {
      if (snapshot.kind() != SnapshotKind.COMMITTED
          && records.ancestors(snapshot.parent()).stream().noneMatch(lost::contains)) {
        TreeRemover.remove(layout.newDirectory(snapshot.id()));
        create(snapshot);
        lost.remove(snapshot.id());
      }
    }
  }

  SnapshotPlace place(StoredSnapshot snapshot) {
    return place(snapshot, layout.directory(snapshot.id()));
  }

  Path files(StoredSnapshot snapshot) {
    return SnapshotLayout.files(layout.directory(snapshot.id()));
  }

  private SnapshotPlace place(StoredSnapshot snapshot, Path directory) {
    List<Path> parents =
        records.ancestors(snapshot.parent()).stream()
            .map(id -> SnapshotLayout.files(layout.directory(id)))
            .toList();
    return new SnapshotPlace(snapshot.kind(), directory, parents, snapshot.labels());
  }

  /** Makes a snapshot's directory; it has its name only once it is complete. */
  void create(StoredSnapshot snapshot) {
    Path unfinished = layout.newDirectory(snapshot.id());
    RawPath from = RawPath.of(unfinished);
    PathCalls.mkdirat(Fd.CWD, from, PRIVATE);
    files.create(place(snapshot, unfinished));
    RawPath to = RawPath.of(layout.directory(snapshot.id()));
    PathCalls.renameat2(Fd.CWD, from, Fd.CWD, to, 0);
  }

  /** Forces the directories that hold a snapshot to the medium, but not what is in it. */
  void sync(long id) {
    sync(layout.directory(id));
    sync(layout.snapshots());
  }

  private static void sync(Path directory) {
    try (Fd fd = PathCalls.open(directory, OpenFlags.RDONLY | OpenFlags.DIRECTORY, 0)) {
      FileCalls.fsync(fd);
    }
  }

  /** Removes what there is of a snapshot now, or leaves it to the next clean-up. */
  void discard(long id) {
    try {
      TreeRemover.remove(layout.newDirectory(id));
      TreeRemover.remove(layout.directory(id));
    } catch (ErrnoException e) {
      // In use or undeletable: it belongs to nothing, so the next clean-up finds it.
    }
  }

  /**
   * @throws DataLossException if the directory was gone at start
   */
  void requirePresent(long id) {
    if (lost.contains(id)) {
      throw new DataLossException(
          "snapshot \"%s\": its files in %s are gone; remove it and pull again"
              .formatted(records.keyOf(id), layout.directory(id)));
    }
  }

  /**
   * @throws DataLossException if a directory of the parent or of one below was gone at start
   */
  void requireAllPresent(long parent) {
    if (!lost.isEmpty()) {
      records.ancestors(parent).forEach(this::requirePresent);
    }
  }

  /**
   * Removes the directories that belong to nothing; all that can be, also when some cannot.
   *
   * @throws CancelledException if the thread is interrupted
   */
  void cleanup() {
    try {
      cleaning.lockInterruptibly();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("cleanup: interrupted", e);
    }
    try {
      ErrnoException failure = null;
      for (RawPath name : leftOvers()) {
        if (Thread.currentThread().isInterrupted()) {
          throw new CancelledException("cleanup: interrupted");
        }
        failure = firstOf(failure, remove(name));
      }
      if (failure != null) {
        throw failure;
      }
    } finally {
      cleaning.unlock();
    }
  }

  private List<RawPath> leftOvers() {
    List<RawPath> found = new ArrayList<>();
    try (Fd directory = PathCalls.open(layout.snapshots(), OpenFlags.RDONLY, 0);
        DirectoryReader reader = DirectoryReader.open(directory)) {
      for (var entry = reader.next(); entry != null; entry = reader.next()) {
        String name = entry.name().toString();
        long id = SnapshotLayout.id(name);
        if (id >= 0
            && (records.isLeftOver(id)
                || SnapshotLayout.isUnfinished(name) && !records.isMaking(id))) {
          found.add(entry.name());
        }
      }
    }
    return found;
  }

  private @Nullable ErrnoException remove(RawPath name) {
    try (Fd directory = PathCalls.open(layout.snapshots(), OpenFlags.RDONLY, 0)) {
      TreeRemover.remove(directory, name);
      return null;
    } catch (ErrnoException e) {
      return e.is(Errno.ENOENT) ? null : e;
    }
  }

  private static @Nullable ErrnoException firstOf(
      @Nullable ErrnoException before, @Nullable ErrnoException now) {
    if (before != null && now != null) {
      before.addSuppressed(now);
    }
    return before == null ? now : before;
  }
}
