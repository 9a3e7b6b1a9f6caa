package dev.carafe.plugin.snapshotter.nativefs;

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
import dev.carafe.linux.TreeRemover;
import dev.carafe.linux.XattrCalls;
import dev.carafe.spi.errors.CancelledException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Copies a directory tree with owners, modes, times, extended attributes, hard links, holes,
 * devices, FIFOs and sockets. Goes by descriptors, two at a time, and without recursion, so that no
 * tree is too deep for it. Nobody may change either tree meanwhile.
 */
final class TreeCopier {
  private static final int DIRECTORY = OpenFlags.RDONLY | OpenFlags.DIRECTORY | OpenFlags.NOFOLLOW;
  private static final int PRIVATE = 0700;
  private static final RawPath PARENT = RawPath.of("..");

  private final FileCopier bytes = new FileCopier();
  private final Path linksPath;
  private final Set<Long> linked = new HashSet<>();
  private final Deque<Level> levels = new ArrayDeque<>();
  private @Nullable Fd links;

  private TreeCopier(Path linksPath) {
    this.linksPath = linksPath;
  }

  /**
   * Copies all in {@code from} to {@code to}, and makes {@code to} like {@code from}.
   *
   * @param to an existing directory, empty
   * @param scratch a path on the same file system where nothing is; it is used meanwhile
   * @throws CancelledException if the thread is interrupted; what was copied stays
   */
  static void copy(Path from, Path to, Path scratch) {
    TreeCopier copier = new TreeCopier(scratch);
    try {
      copier.copyAll(from, to);
    } finally {
      copier.closeLinks();
    }
  }

  private void copyAll(Path from, Path to) {
    Fd source = PathCalls.open(from, DIRECTORY, 0);
    Fd target = null;
    try {
      target = PathCalls.open(to, DIRECTORY, 0);
      levels.push(contents(source, target));
      while (!levels.isEmpty()) {
        RawPath next = levels.getFirst().directories.poll();
        boolean done = next == null;
        if (done) {
          finish(source, target, levels.pop().self);
          if (levels.isEmpty()) {
            return;
          }
        } else {
          PathCalls.mkdirat(target, next, PRIVATE);
        }
        RawPath where = done ? PARENT : next;
        source = replaced(source, PathCalls.openat(source, where, DIRECTORY, 0));
        target = replaced(target, PathCalls.openat(target, where, DIRECTORY, 0));
        if (!done) {
          levels.push(contents(source, target));
        }
      }
    } finally {
      source.close();
      if (target != null) {
        target.close();
      }
    }
  }

  private static Fd replaced(Fd old, Fd now) {
    old.close();
    return now;
  }

  /** Copies all in a directory but the directories in it. */
  private Level contents(Fd source, Fd target) {
    Deque<RawPath> directories = new ArrayDeque<>();
    try (DirectoryReader names = DirectoryReader.open(source)) {
      for (var entry = names.next(); entry != null; entry = names.next()) {
        if (Thread.currentThread().isInterrupted()) {
          throw new CancelledException("copying a snapshot: interrupted");
        }
        FileStat file = PathCalls.statx(source, entry.name(), AtFlags.SYMLINK_NOFOLLOW);
        if (file.isDirectory()) {
          directories.add(entry.name());
        } else {
          copyFile(source, target, entry.name(), file);
        }
      }
    }
    return new Level(FileCalls.fstat(source), directories);
  }

  private void copyFile(Fd source, Fd target, RawPath name, FileStat file) {
    RawPath inode = RawPath.of(Long.toString(file.ino()));
    if (file.nlink() > 1 && linked.contains(file.ino())) {
      PathCalls.linkat(links(), inode, target, name, 0);
      return;
    }
    if (file.isRegular()) {
      copyRegular(source, target, name, file);
    } else {
      if (file.isSymlink()) {
        PathCalls.symlinkat(PathCalls.readlinkat(source, name), target, name);
      } else {
        PathCalls.mknodat(target, name, file.mode(), file.rdevMajor(), file.rdevMinor());
      }
      copySpecial(source, target, name, file);
    }
    if (file.nlink() > 1) {
      PathCalls.linkat(target, name, links(), inode, 0);
      linked.add(file.ino());
    }
  }

  private void copyRegular(Fd source, Fd target, RawPath name, FileStat file) {
    int create = OpenFlags.WRONLY | OpenFlags.CREAT | OpenFlags.EXCL;
    try (Fd from = PathCalls.openat(source, name, OpenFlags.RDONLY | OpenFlags.NOFOLLOW, 0);
        Fd to = PathCalls.openat(target, name, create, 0600)) {
      bytes.copy(from, to, file.size(), file.blocks());
      finish(from, to, file);
    }
  }

  private static void copySpecial(Fd source, Fd target, RawPath name, FileStat file) {
    int flags = OpenFlags.PATH | OpenFlags.NOFOLLOW;
    try (Fd from = PathCalls.openat(source, name, flags, 0);
        Fd to = PathCalls.openat(target, name, flags, 0)) {
      FileCalls.fchown(to, file.uid(), file.gid());
      if (!file.isSymlink()) {
        FileCalls.fchmod(to, file.permissions());
      }
      copyAttributes(from, to);
    }
    PathCalls.utimensat(
        target,
        name,
        file.atimeSeconds(),
        file.atimeNanos(),
        file.mtimeSeconds(),
        file.mtimeNanos(),
        AtFlags.SYMLINK_NOFOLLOW);
  }

  /**
   * A change of owner takes mode bits and file capabilities away, so it comes first; times last.
   */
  private static void finish(Fd from, Fd to, FileStat file) {
    FileCalls.fchown(to, file.uid(), file.gid());
    FileCalls.fchmod(to, file.permissions());
    copyAttributes(from, to);
    FileCalls.futimens(
        to, file.atimeSeconds(), file.atimeNanos(), file.mtimeSeconds(), file.mtimeNanos());
  }

  private static void copyAttributes(Fd from, Fd to) {
    for (String name : XattrCalls.list(from)) {
      XattrCalls.get(from, name)
          .ifPresent(value -> {
            try {
              XattrCalls.set(to, name, value, 0);
            } catch (ErrnoException e) {
              if (!e.is(Errno.EOPNOTSUPP)) {
                throw e;
              }
            }
          });
    }
  }

  /**
   * A directory with one name, its number, for each file that may come up again by another name.
   */
  private Fd links() {
    if (links == null) {
      PathCalls.mkdirat(Fd.CWD, RawPath.of(linksPath), PRIVATE);
      links = PathCalls.open(linksPath, DIRECTORY, 0);
    }
    return links;
  }

  private void closeLinks() {
    if (links != null) {
      links.close();
      TreeRemover.remove(linksPath);
    }
  }

  private record Level(FileStat self, Deque<RawPath> directories) {}
}
