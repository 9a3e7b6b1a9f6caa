package dev.carafe.plugin.snapshotter.support;

import dev.carafe.linux.AtFlags;
import dev.carafe.linux.DirectoryReader;
import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileCalls;
import dev.carafe.linux.FileStat;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.snapshots.Usage;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Measures a directory tree: allocated bytes, and inodes with hard links counted once. Goes by
 * descriptors, one at a time, and without recursion, so that no tree is too deep for it. What
 * changes meanwhile may be counted or not.
 */
public final class DiskUsage {
  private static final int BLOCK = 512;
  private static final int DIRECTORY = OpenFlags.RDONLY | OpenFlags.DIRECTORY | OpenFlags.NOFOLLOW;
  private static final RawPath PARENT = RawPath.of("..");

  private final Set<Long> linked = new HashSet<>();
  private final Deque<Level> levels = new ArrayDeque<>();
  private long bytes;
  private long inodes;

  private DiskUsage() {}

  /**
   * Measures {@code directory}, itself included.
   *
   * @throws ErrnoException with ENOENT if it does not exist
   * @throws CancelledException if the thread is interrupted
   */
  public static Usage of(Path directory) {
    DiskUsage usage = new DiskUsage();
    usage.measure(directory);
    return new Usage(usage.bytes, usage.inodes);
  }

  private void measure(Path root) {
    Fd current = PathCalls.open(root, DIRECTORY, 0);
    try {
      levels.push(enter(current));
      while (true) {
        RawPath next = levels.getFirst().directories.poll();
        Fd then;
        if (next != null) {
          then = down(current, next);
          if (then == null) {
            continue;
          }
        } else {
          levels.pop();
          if (levels.isEmpty()) {
            return;
          }
          then = PathCalls.openat(current, PARENT, DIRECTORY, 0);
        }
        current.close();
        current = then;
        if (next != null) {
          levels.push(enter(current));
        } else if (!levels.getFirst().self.isSameFile(FileCalls.fstat(current))) {
          // The tree was moved under our feet: what is left of it is elsewhere now.
          return;
        }
      }
    } finally {
      current.close();
    }
  }

  private static @Nullable Fd down(Fd directory, RawPath name) {
    try {
      return PathCalls.openat(directory, name, DIRECTORY, 0);
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR) || e.is(Errno.ELOOP)) {
        return null;
      }
      throw e;
    }
  }

  /** Counts a directory and all in it but the contents of the directories in it. */
  private Level enter(Fd directory) {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancelledException("measuring a snapshot: interrupted");
    }
    FileStat self = FileCalls.fstat(directory);
    count(self);
    Deque<RawPath> directories = new ArrayDeque<>();
    try (DirectoryReader reader = DirectoryReader.open(directory)) {
      for (var entry = reader.next(); entry != null; entry = reader.next()) {
        if (entry.type() == DirectoryReader.Entry.DIRECTORY) {
          directories.add(entry.name());
          continue;
        }
        FileStat file = stat(directory, entry.name());
        if (file == null) {
          continue;
        }
        if (file.isDirectory()) {
          directories.add(entry.name());
        } else {
          count(file);
        }
      }
    }
    return new Level(self, directories);
  }

  private static @Nullable FileStat stat(Fd directory, RawPath name) {
    try {
      return PathCalls.statx(directory, name, AtFlags.SYMLINK_NOFOLLOW);
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOENT)) {
        return null;
      }
      throw e;
    }
  }

  private void count(FileStat file) {
    if (!file.isDirectory() && file.nlink() > 1 && !linked.add(file.ino())) {
      return;
    }
    bytes += file.blocks() * BLOCK;
    inodes++;
  }

  private record Level(FileStat self, Deque<RawPath> directories) {}
}
