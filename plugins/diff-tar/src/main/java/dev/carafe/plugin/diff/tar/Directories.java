package dev.carafe.plugin.diff.tar;

import dev.carafe.linux.AtFlags;
import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileCalls;
import dev.carafe.linux.FileStat;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.ResolveFlags;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the directories that entries go to, by descriptors. The kernel refuses every symbolic link
 * ({@code RESOLVE_NO_SYMLINKS|RESOLVE_BENEATH}) and every mount point, so no path that is opened
 * here can leave the root, whoever swaps what meanwhile. Links inside the tree are followed here,
 * one component at a time, as a process in a chroot would: absolute ones start at the root, {@code
 * ..} ends there.
 *
 * <p>A few directories stay open. Whoever removes a directory or a symbolic link calls {@link
 * #forget}.
 */
final class Directories implements AutoCloseable {
  private static final int OPEN = OpenFlags.RDONLY | OpenFlags.DIRECTORY | OpenFlags.NOFOLLOW;
  private static final long NO_LINKS =
      ResolveFlags.BENEATH | ResolveFlags.NO_SYMLINKS | ResolveFlags.NO_XDEV;
  private static final int CACHED = 64;
  private static final int MAX_LINKS = 40;
  private static final int IMPLICIT_MODE = 0755;

  private final Directory root;
  private final LayerIndex index;
  private final int maxDepth;
  private final boolean overlay;
  private final Runnable creating;
  private final LinkedHashMap<RawPath, Directory> cache = new LinkedHashMap<>(CACHED, 0.75f, true);
  private final List<Fd> retired = new ArrayList<>();
  private @Nullable Directory last;
  private RawPath lastPath = RawPath.EMPTY;

  /**
   * @param root stays open until the caller closes it
   * @param overlay whether character devices 0:0 stand for nothing
   * @param creating called before a directory is created that has no entry of its own; may throw
   */
  Directories(Fd root, LayerIndex index, int maxDepth, boolean overlay, Runnable creating) {
    this.root = new Directory(root, RawPath.EMPTY, 0, index.root());
    this.index = index;
    this.maxDepth = maxDepth;
    this.overlay = overlay;
    this.creating = creating;
  }

  Directory root() {
    return root;
  }

  /** The directory at a cleaned path, created with all above it where it is missing. */
  Directory openOrCreate(RawPath path) {
    Directory directory = find(path, true);
    if (directory == null) {
      throw new IllegalStateException(path + ": neither found nor created");
    }
    return directory;
  }

  /** The directory at a cleaned path; null if there is none. */
  @Nullable Directory open(RawPath path) {
    return find(path, false);
  }

  private @Nullable Directory find(RawPath path, boolean create) {
    if (path.isEmpty()) {
      return root;
    }
    if (last != null && lastPath.equals(path)) {
      return last;
    }
    Directory directory = cache.get(path);
    if (directory == null) {
      directory = resolve(path, create);
      if (directory == null) {
        return null;
      }
      remember(path, directory);
    }
    last = directory;
    lastPath = path;
    return directory;
  }

  /** A directory that is known to be there; kept open, because its files come next. */
  Directory openChild(Directory parent, RawPath name) {
    Fd fd = PathCalls.openat2(parent.fd(), name, OPEN, 0, NO_LINKS);
    var directory = childOf(parent, name, fd);
    remember(directory.path(), directory);
    return directory;
  }

  private void remember(RawPath path, Directory directory) {
    Directory before = cache.put(path, directory);
    if (before != null) {
      retired.add(before.fd());
      last = null;
    }
    if (cache.size() > CACHED) {
      retired.add(cache.pollFirstEntry().getValue().fd());
      last = null;
    }
  }

  /** Finds everything anew from here on, because a directory or a symbolic link went away. */
  void forget() {
    last = null;
    cache.values().forEach(directory -> retired.add(directory.fd()));
    cache.clear();
  }

  /** Closes what was given up. Every {@link Directory} handed out is good until this is called. */
  void release() {
    if (!retired.isEmpty()) {
      retired.forEach(Fd::close);
      retired.clear();
    }
  }

  @Override
  public void close() {
    forget();
    release();
  }

  private @Nullable Directory resolve(RawPath path, boolean create) {
    try {
      Fd fd = PathCalls.openat2(root.fd(), path, OPEN, 0, NO_LINKS);
      return located(path, fd);
    } catch (ErrnoException e) {
      if (!isNoDirectory(e)) {
        throw e;
      }
      return walk(path, create);
    }
  }

  private static boolean isNoDirectory(ErrnoException e) {
    return e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR) || e.is(Errno.ELOOP);
  }

  private Directory located(RawPath path, Fd fd) {
    long hash = root.hash();
    int depth = 0;
    for (byte[] component : components(path)) {
      hash = index.child(hash, component);
      depth++;
    }
    return new Directory(fd, path, depth, hash);
  }

  private Directory childOf(Directory parent, RawPath name, Fd fd) {
    return new Directory(
        fd,
        parent.path().resolve(name),
        parent.depth() + 1,
        index.child(parent.hash(), name.bytes()));
  }

  /** One component at a time. The descriptor of the step before is closed after each step. */
  private @Nullable Directory walk(RawPath path, boolean create) {
    Deque<byte[]> ahead = new ArrayDeque<>(components(path));
    Directory here = root;
    int links = 0;
    int steps = 0;
    try {
      while (!ahead.isEmpty()) {
        byte[] component = ahead.pop();
        if (++steps > 4 * maxDepth) {
          throw new ResourceExhaustedException("symbolic links lead too far");
        }
        if (isDotDot(component)) {
          here = replace(here, above(here));
          continue;
        }
        RawPath name = RawPath.of(component);
        Fd fd = openIfDirectory(here, name);
        RawPath target = fd == null ? linkTarget(here, name) : null;
        if (fd == null && target == null) {
          if (!create) {
            close(here);
            return null;
          }
          fd = create(here, name);
        }
        if (fd != null) {
          here = replace(here, childOf(here, name, fd));
          continue;
        }
        if (++links > MAX_LINKS) {
          throw new InvalidArgumentException("too many symbolic links");
        }
        if (target != null && target.isAbsolute()) {
          here = replace(here, root);
        }
        push(ahead, target);
      }
      return here == root ? new Directory(duplicate(), RawPath.EMPTY, 0, root.hash()) : here;
    } catch (RuntimeException e) {
      close(here);
      throw e;
    }
  }

  private static void push(Deque<byte[]> ahead, @Nullable RawPath target) {
    if (target != null) {
      components(target).reversed().forEach(ahead::push);
    }
  }

  private Fd duplicate() {
    return PathCalls.openat2(root.fd(), RawPath.DOT, OPEN, 0, NO_LINKS);
  }

  /** Null if there is no directory of this name. */
  private static @Nullable Fd openIfDirectory(Directory parent, RawPath name) {
    try {
      return PathCalls.openat2(parent.fd(), name, OPEN, 0, NO_LINKS);
    } catch (ErrnoException e) {
      if (!isNoDirectory(e)) {
        throw e;
      }
      return null;
    }
  }

  /**
   * What a symbolic link says; null if nothing of this name is there.
   *
   * @throws InvalidArgumentException if it is something else
   */
  private @Nullable RawPath linkTarget(Directory parent, RawPath name) {
    FileStat stat;
    try {
      stat = PathCalls.statx(parent.fd(), name, AtFlags.SYMLINK_NOFOLLOW);
    } catch (ErrnoException e) {
      if (!e.is(Errno.ENOENT)) {
        throw e;
      }
      return null;
    }
    if (stat.isSymlink()) {
      return PathCalls.readlinkat(parent.fd(), name);
    }
    if (overlay && isWhiteout(stat)) {
      throw ParentMissing.INSTANCE;
    }
    throw new InvalidArgumentException(
        "\"" + EntryName.show(parent.path().resolve(name).bytes()) + "\" is no directory");
  }

  private Fd create(Directory parent, RawPath name) {
    creating.run();
    if (parent.depth() >= maxDepth) {
      throw new ResourceExhaustedException("more than " + maxDepth + " components");
    }
    PathCalls.mkdirat(parent.fd(), name, IMPLICIT_MODE);
    Fd fd = PathCalls.openat2(parent.fd(), name, OPEN, 0, NO_LINKS);
    try {
      FileCalls.fchmod(fd, IMPLICIT_MODE);
    } catch (RuntimeException e) {
      fd.close();
      throw e;
    }
    long hash = index.child(parent.hash(), name.bytes());
    index.addOwn(hash);
    index.addClean(hash);
    return fd;
  }

  private Directory above(Directory directory) {
    if (directory.depth() <= 1) {
      return root;
    }
    byte[] path = directory.path().bytes();
    int slash = path.length - 1;
    while (path[slash] != '/') {
      slash--;
    }
    byte[] parent = new byte[slash];
    System.arraycopy(path, 0, parent, 0, slash);
    return located(
        RawPath.of(parent), PathCalls.openat2(root.fd(), RawPath.of(parent), OPEN, 0, NO_LINKS));
  }

  private Directory replace(Directory old, Directory next) {
    close(old);
    return next;
  }

  private void close(Directory directory) {
    if (directory != root) {
      directory.fd().close();
    }
  }

  static boolean isWhiteout(FileStat stat) {
    return stat.type() == FileStat.CHARACTER_DEVICE
        && stat.rdevMajor() == 0
        && stat.rdevMinor() == 0;
  }

  private static boolean isDotDot(byte[] component) {
    return component.length == 2 && component[0] == '.' && component[1] == '.';
  }

  /** Without empty ones and {@code .}. */
  private static List<byte[]> components(RawPath path) {
    byte[] bytes = path.bytes();
    var components = new ArrayList<byte[]>();
    int start = 0;
    while (start < bytes.length) {
      int end = start;
      while (end < bytes.length && bytes[end] != '/') {
        end++;
      }
      if (end > start && !(end == start + 1 && bytes[start] == '.')) {
        components.add(Arrays.copyOfRange(bytes, start, end));
      }
      start = end + 1;
    }
    return components;
  }
}
