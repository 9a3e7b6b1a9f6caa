package dev.carafe.linux;

import dev.carafe.linux.DirectoryReader.Entry;
import java.nio.file.Path;

/**
 * Removes a directory tree by descriptors: follows no symbolic link, leaves mounts alone (they end
 * it with EXDEV or EBUSY), uses a bounded number of descriptors and no recursion beyond that,
 * however deep the tree. What was removed before a failure or a crash stays removed; call it again.
 */
public final class TreeRemover {
  private static final int MAX_DEPTH = 48;
  private static final int MAX_PASSES = 64;
  private static final String MOVED_UP = ".carafe-removing-";

  private final Fd root;
  private long moved;

  private TreeRemover(Fd root) {
    this.root = root;
  }

  /**
   * Removes {@code path}, whatever it is. Nothing happens if it does not exist.
   *
   * @throws ErrnoException with EXDEV or EBUSY at a mount point, ENOTEMPTY if others keep adding
   */
  public static void remove(Path path) {
    Path absolute = path.toAbsolutePath().normalize();
    Path parent = absolute.getParent();
    if (parent == null) {
      throw new IllegalArgumentException("path \"" + path + "\": not removable");
    }
    try (Fd directory = PathCalls.open(parent, OpenFlags.PATH | OpenFlags.DIRECTORY, 0)) {
      remove(directory, RawPath.of(absolute.getFileName()));
    } catch (ErrnoException e) {
      ignoreMissing(e);
    }
  }

  /**
   * Removes {@code name} in {@code dir}, whatever it is. Nothing happens if it does not exist.
   *
   * @throws ErrnoException with EXDEV or EBUSY at a mount point, ENOTEMPTY if others keep adding
   */
  public static void remove(Fd dir, RawPath name) {
    if (!name.isName()) {
      throw new IllegalArgumentException("name \"" + name + "\": not a single component");
    }
    if (unlinked(dir, name)) {
      return;
    }
    try {
      try (Fd root = descend(dir, name)) {
        new TreeRemover(root).empty(root, 0);
      }
      PathCalls.unlinkat(dir, name, AtFlags.REMOVEDIR);
    } catch (ErrnoException e) {
      ignoreMissing(e);
    }
  }

  private void empty(Fd directory, int depth) {
    for (int pass = 0; pass < MAX_PASSES + moved; pass++) {
      if (!removeEntries(directory, depth)) {
        return;
      }
    }
    throw new ErrnoException("rmdir", Errno.ENOTEMPTY, directory);
  }

  /** One pass over the directory; whether there was anything in it. */
  private boolean removeEntries(Fd directory, int depth) {
    boolean found = false;
    try (DirectoryReader reader = DirectoryReader.open(directory)) {
      for (Entry entry = reader.next(); entry != null; entry = reader.next()) {
        found = true;
        boolean knownDirectory = entry.type() == Entry.DIRECTORY;
        if (knownDirectory || !unlinked(directory, entry.name())) {
          removeSubdirectory(directory, entry.name(), depth);
        }
      }
    }
    return found;
  }

  private void removeSubdirectory(Fd parent, RawPath name, int depth) {
    try {
      if (depth == MAX_DEPTH) {
        moveUp(parent, name);
        return;
      }
      try (Fd directory = descend(parent, name)) {
        empty(directory, depth + 1);
      }
      PathCalls.unlinkat(parent, name, AtFlags.REMOVEDIR);
    } catch (ErrnoException e) {
      ignoreMissing(e);
    }
  }

  /** Takes a directory that is too deep out into the root, whose next pass finds it. */
  private void moveUp(Fd parent, RawPath name) {
    while (true) {
      try {
        RawPath above = RawPath.of(MOVED_UP + moved++);
        PathCalls.renameat2(parent, name, root, above, PathCalls.RENAME_NOREPLACE);
        return;
      } catch (ErrnoException e) {
        if (!e.is(Errno.EEXIST)) {
          throw e;
        }
      }
    }
  }

  private static Fd descend(Fd parent, RawPath name) {
    int flags = OpenFlags.RDONLY | OpenFlags.DIRECTORY | OpenFlags.NOFOLLOW;
    return PathCalls.openat2(parent, name, flags, 0, ResolveFlags.NO_XDEV);
  }

  private static void ignoreMissing(ErrnoException e) {
    if (!e.is(Errno.ENOENT)) {
      throw e;
    }
  }

  private static boolean unlinked(Fd dir, RawPath name) {
    try {
      PathCalls.unlinkat(dir, name, 0);
      return true;
    } catch (ErrnoException e) {
      if (e.is(Errno.EISDIR)) {
        return false;
      }
      ignoreMissing(e);
      return true;
    }
  }
}
