package dev.carafe.plugin.diff.tar;

import dev.carafe.linux.AtFlags;
import dev.carafe.linux.DirectoryReader;
import dev.carafe.linux.DirectoryReader.Entry;
import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.spi.errors.ResourceExhaustedException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Takes away what an entry replaces and what whiteouts hide, by descriptors, following no symbolic
 * link. Unlike {@link dev.carafe.linux.TreeRemover} it can be stopped, can leave this layer's own
 * files, and never renames, which overlayfs refuses for directories that come from below.
 */
final class TreePruner {
  private static final int OPEN = OpenFlags.RDONLY | OpenFlags.DIRECTORY | OpenFlags.NOFOLLOW;
  private static final int BATCH = 1024;
  private static final int MAX_PASSES = 1 << 20;

  /** Tells which files a layer brought. */
  interface Own {
    boolean test(Fd directory, long directoryHash, RawPath name);
  }

  private final LayerIndex index;
  private final Own own;
  private final int maxDepth;
  private final Runnable checkpoint;

  TreePruner(LayerIndex index, Own own, int maxDepth, Runnable checkpoint) {
    this.index = index;
    this.own = own;
    this.maxDepth = maxDepth;
    this.checkpoint = checkpoint;
  }

  /** Removes whatever has this name. */
  void remove(Fd parent, RawPath name) {
    remove(parent, name, 0);
  }

  private void remove(Fd parent, RawPath name, int depth) {
    if (unlinked(parent, name)) {
      return;
    }
    if (depth > maxDepth) {
      throw new ResourceExhaustedException("more than " + maxDepth + " components to remove");
    }
    try (Fd directory = PathCalls.openat(parent, name, OPEN, 0)) {
      for (int pass = 0; !removeBatch(directory, depth); pass++) {
        if (pass == MAX_PASSES) {
          throw new ErrnoException("rmdir", Errno.ENOTEMPTY, name);
        }
      }
    }
    PathCalls.unlinkat(parent, name, AtFlags.REMOVEDIR);
  }

  /** Removes some of a directory's entries; true if there were none. */
  private boolean removeBatch(Fd directory, int depth) {
    checkpoint.run();
    List<RawPath> subdirectories = new ArrayList<>();
    boolean empty = true;
    try (DirectoryReader reader = DirectoryReader.open(directory)) {
      Entry entry = reader.next();
      for (; entry != null && subdirectories.size() < BATCH; entry = reader.next()) {
        empty = false;
        if (entry.type() == Entry.DIRECTORY || !unlinked(directory, entry.name())) {
          subdirectories.add(entry.name());
        }
      }
    }
    for (RawPath name : subdirectories) {
      remove(directory, name, depth + 1);
    }
    return empty;
  }

  private static boolean unlinked(Fd parent, RawPath name) {
    try {
      PathCalls.unlinkat(parent, name, 0);
      return true;
    } catch (ErrnoException e) {
      if (e.is(Errno.EISDIR)) {
        return false;
      }
      if (e.is(Errno.ENOENT)) {
        return true;
      }
      throw e;
    }
  }

  /**
   * Removes everything below a directory that this layer did not bring. Each directory is looked
   * through once in a layer's life, however often that is asked for.
   */
  void prune(Directory directory) {
    prune(directory.fd(), directory.hash(), directory.depth());
  }

  private void prune(Fd directory, long hash, int depth) {
    if (index.isClean(hash)) {
      return;
    }
    index.addClean(hash);
    if (depth > maxDepth) {
      throw new ResourceExhaustedException("more than " + maxDepth + " components to remove");
    }
    List<RawPath> ownDirectories = new ArrayList<>();
    List<RawPath> foreign = new ArrayList<>();
    try (DirectoryReader reader = DirectoryReader.open(directory)) {
      for (Entry entry = reader.next(); entry != null; entry = reader.next()) {
        if (!own.test(directory, hash, entry.name())) {
          foreign.add(entry.name());
        } else if (mayBeDirectory(entry)) {
          ownDirectories.add(entry.name());
        }
        if (foreign.size() == BATCH) {
          removeAll(directory, foreign, depth);
        }
      }
    }
    removeAll(directory, foreign, depth);
    for (RawPath name : ownDirectories) {
      try (Fd child = openDirectory(directory, name)) {
        if (child != null) {
          prune(child, index.child(hash, name.bytes()), depth + 1);
        }
      }
    }
  }

  private void removeAll(Fd directory, List<RawPath> names, int depth) {
    checkpoint.run();
    names.forEach(name -> remove(directory, name, depth));
    names.clear();
  }

  private static boolean mayBeDirectory(Entry entry) {
    return entry.type() == Entry.DIRECTORY || entry.type() == Entry.UNKNOWN;
  }

  private static @Nullable Fd openDirectory(Fd parent, RawPath name) {
    try {
      return PathCalls.openat(parent, name, OPEN, 0);
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOTDIR)) {
        return null;
      }
      throw e;
    }
  }
}
