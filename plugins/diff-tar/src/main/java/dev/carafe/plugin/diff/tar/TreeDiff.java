package dev.carafe.plugin.diff.tar;

import dev.carafe.linux.DirectoryReader;
import dev.carafe.linux.DirectoryReader.Entry;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.RawPath;
import dev.carafe.spi.errors.ResourceExhaustedException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Compares two trees, names in byte order, and writes what differs. A directory that did not change
 * is written only if something below it did.
 */
final class TreeDiff {
  private record Pending(RawPath path, TreeFile directory) {}

  private final ChangeWriter changes;
  private final FileComparison comparison;
  private final int maxDepth;
  private final long maxNames;
  private final Runnable checkpoint;
  private final Deque<Pending> unwritten = new ArrayDeque<>();

  TreeDiff(
      ChangeWriter changes,
      FileComparison comparison,
      TarDifferConfig limits,
      Runnable checkpoint) {
    this.changes = changes;
    this.comparison = comparison;
    this.maxDepth = limits.maxDepth();
    this.maxNames = limits.maxEntries();
    this.checkpoint = checkpoint;
  }

  /**
   * Writes the way from {@code lower}, or from nothing, to {@code upper}.
   *
   * @param lower a readable directory
   * @param upper a readable directory
   */
  void write(@Nullable Fd lower, Fd upper) throws InterruptedException {
    changes.root(lower, upper);
    compare(RawPath.EMPTY, lower, upper, 0);
  }

  private void compare(RawPath path, @Nullable Fd lower, Fd upper, int depth)
      throws InterruptedException {
    if (depth > maxDepth) {
      throw new ResourceExhaustedException("more than " + maxDepth + " components");
    }
    TreeSet<RawPath> names = new TreeSet<>();
    list(upper, names);
    if (lower != null) {
      list(lower, names);
    }
    for (Iterator<RawPath> next = names.iterator(); next.hasNext(); ) {
      checkpoint.run();
      RawPath name = next.next();
      next.remove();
      RawPath full = path.resolve(name);
      try {
        compare(path, full, lower == null ? null : TreeFile.find(lower, name), upper, name, depth);
      } catch (ErrnoException e) {
        throw Failures.of("\"" + EntryName.show(full.bytes()) + "\"", e);
      }
    }
  }

  private void list(Fd directory, TreeSet<RawPath> names) {
    try (DirectoryReader reader = DirectoryReader.open(directory)) {
      for (Entry entry = reader.next(); entry != null; entry = reader.next()) {
        names.add(entry.name());
        if (names.size() > maxNames) {
          throw new ResourceExhaustedException("a directory of more than " + maxNames + " names");
        }
      }
    }
  }

  private void compare(
      RawPath parent, RawPath path, @Nullable TreeFile old, Fd upper, RawPath name, int depth)
      throws InterruptedException {
    TreeFile now = TreeFile.find(upper, name);
    if (now == null) {
      if (old != null) {
        writeParents();
        changes.deleted(parent, name);
      }
      return;
    }
    boolean changed = old == null || comparison.differs(old, now);
    if (changed) {
      writeParents();
      changes.changed(path, now);
    } else if (!now.isDirectory()) {
      changes.unchanged(path, now);
    }
    if (now.isDirectory()) {
      descend(path, old, now, changed, depth);
    }
  }

  private void descend(
      RawPath path, @Nullable TreeFile old, TreeFile now, boolean written, int depth)
      throws InterruptedException {
    var pending = new Pending(path, now);
    if (!written) {
      unwritten.addLast(pending);
    }
    try (Fd upper = now.openDirectory();
        Fd lower = old != null && old.isDirectory() ? old.openDirectory() : null) {
      compare(path, lower, upper, depth + 1);
    }
    if (!written && unwritten.peekLast() == pending) {
      unwritten.removeLast();
    }
  }

  private void writeParents() throws InterruptedException {
    while (!unwritten.isEmpty()) {
      Pending parent = unwritten.removeFirst();
      changes.changed(parent.path(), parent.directory());
    }
  }
}
