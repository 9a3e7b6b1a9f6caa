package dev.carafe.plugin.diff.tar;

import dev.carafe.linux.AtFlags;
import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileStat;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.XattrCalls;
import dev.carafe.spi.errors.FailedPreconditionException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One file of a tree that is compared.
 *
 * @param directory where it is; open as long as this is used
 */
record TreeFile(Fd directory, RawPath name, FileStat stat) {
  private static final int READ_ONLY =
      OpenFlags.RDONLY | OpenFlags.NOFOLLOW | OpenFlags.NONBLOCK | OpenFlags.NOCTTY;

  /** Null if there is no such file. */
  static @Nullable TreeFile find(Fd directory, RawPath name) {
    try {
      return of(directory, name);
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOENT)) {
        return null;
      }
      throw e;
    }
  }

  /** A file that is there. */
  static TreeFile of(Fd directory, RawPath name) {
    return new TreeFile(
        directory, name, PathCalls.statx(directory, name, AtFlags.SYMLINK_NOFOLLOW));
  }

  boolean isDirectory() {
    return stat.isDirectory();
  }

  /** For reading a regular file; the kernel's defaults keep this from hanging on anything else. */
  Fd open() {
    return PathCalls.openat(directory, name, READ_ONLY, 0);
  }

  /** For listing. */
  Fd openDirectory() {
    return PathCalls.openat(
        directory, name, OpenFlags.RDONLY | OpenFlags.DIRECTORY | OpenFlags.NOFOLLOW, 0);
  }

  RawPath linkTarget() {
    return PathCalls.readlinkat(directory, name);
  }

  TarTime modified() {
    return new TarTime(stat.mtimeSeconds(), stat.mtimeNanos());
  }

  /** The attributes that a layer carries; not those of the host's administrator or its policy. */
  Map<String, byte[]> xattrs() {
    RawPath path = RawPath.under(directory, name);
    Map<String, byte[]> found = new TreeMap<>();
    for (String key : names(path)) {
      boolean carried =
          key.startsWith("user.") && !key.startsWith("user.overlay.")
              || key.equals("security.capability")
              || key.startsWith("system.posix_acl_");
      if (carried) {
        XattrCalls.get(path, key).ifPresent(value -> found.put(key, value));
      }
    }
    return found;
  }

  private static List<String> names(RawPath path) {
    try {
      return XattrCalls.list(path);
    } catch (ErrnoException e) {
      if (e.is(Errno.EOPNOTSUPP)) {
        return List.of();
      }
      throw e;
    }
  }

  /** The value of any attribute. */
  Optional<byte[]> attribute(String key) {
    return XattrCalls.get(RawPath.under(directory, name), key);
  }

  /** The device number that tells the files of one tree apart, with {@link FileStat#ino}. */
  long device() {
    return (long) stat.devMajor() << 32 | stat.devMinor() & 0xffffffffL;
  }

  /** What kind of entry it makes; null for what has no place in an archive, a socket. */
  @Nullable EntryType type() {
    return switch (stat.type()) {
      case FileStat.REGULAR -> EntryType.FILE;
      case FileStat.DIRECTORY -> EntryType.DIRECTORY;
      case FileStat.SYMLINK -> EntryType.SYMLINK;
      case FileStat.CHARACTER_DEVICE -> EntryType.CHARACTER_DEVICE;
      case FileStat.BLOCK_DEVICE -> EntryType.BLOCK_DEVICE;
      case FileStat.FIFO -> EntryType.FIFO;
      case FileStat.SOCKET -> null;
      default ->
          throw new FailedPreconditionException(
              "a file of type " + Integer.toOctalString(stat.type()) + " (octal)");
    };
  }
}
