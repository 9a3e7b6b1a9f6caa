package dev.carafe.plugin.diff.tar;

import dev.carafe.linux.AtFlags;
import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileCalls;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.XattrCalls;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Owner, mode, extended attributes and times of something that was just made. The order matters:
 * chown takes away set-user-id bits and capabilities.
 */
final class Attributes {
  static final String OPAQUE = "trusted.overlay.opaque";

  private static final byte[] YES = {'y'};
  private static final int MAX_NAME = 255;

  private Attributes() {}

  /** The owner. */
  static void setOwner(Fd fd, TarEntry entry) {
    FileCalls.fchown(fd, entry.uid(), entry.gid());
  }

  /** Mode and extended attributes; after the owner. */
  static void setModeAndMore(Fd fd, TarEntry entry) {
    FileCalls.fchmod(fd, entry.mode());
    for (Map.Entry<String, byte[]> xattr : entry.xattrs().entrySet()) {
      if (isWanted(xattr.getKey())) {
        try {
          XattrCalls.set(fd, xattr.getKey(), xattr.getValue(), 0);
        } catch (ErrnoException e) {
          refused(xattr.getKey(), e, false);
        }
      }
    }
  }

  /** The times of a file that is not a directory. */
  static void setTimes(Fd fd, TarEntry entry) {
    TarTime access = entry.access();
    TarTime modified = entry.modified();
    FileCalls.futimens(fd, access.seconds(), access.nanos(), modified.seconds(), modified.nanos());
  }

  /** Everything, for what cannot be opened: symbolic links, devices, FIFOs. */
  static void setByName(Fd directory, RawPath name, TarEntry entry) {
    int flags = AtFlags.SYMLINK_NOFOLLOW;
    PathCalls.fchownat(directory, name, entry.uid(), entry.gid(), flags);
    if (entry.type() != EntryType.SYMLINK) {
      try (Fd fd = PathCalls.openat(directory, name, OpenFlags.PATH | OpenFlags.NOFOLLOW, 0)) {
        FileCalls.fchmod(fd, entry.mode());
      }
    }
    for (Map.Entry<String, byte[]> xattr : entry.xattrs().entrySet()) {
      if (isWanted(xattr.getKey())) {
        try {
          RawPath path = RawPath.under(directory, name);
          XattrCalls.set(path, xattr.getKey(), xattr.getValue(), 0);
        } catch (ErrnoException e) {
          refused(xattr.getKey(), e, true);
        }
      }
    }
    TarTime access = entry.access();
    TarTime modified = entry.modified();
    PathCalls.utimensat(
        directory,
        name,
        access.seconds(),
        access.nanos(),
        modified.seconds(),
        modified.nanos(),
        flags);
  }

  /** Makes overlayfs hide what is below a directory. */
  static void setOpaque(Fd directory) {
    XattrCalls.set(directory, OPAQUE, YES, 0);
  }

  /** Removes what a directory from below has and its entry does not name. */
  static void removeInherited(Fd directory, TarEntry entry) {
    for (String name : XattrCalls.list(directory)) {
      boolean removable = name.startsWith("user.") || name.startsWith("system.posix_acl_");
      if (removable && !entry.xattrs().containsKey(name)) {
        XattrCalls.remove(directory, name);
      }
    }
  }

  /**
   * Attributes of the host's administrator are nobody's to bring, those of overlayfs least of all:
   * they would rewire the layers.
   */
  private static boolean isWanted(String name) {
    if (name.isEmpty()
        || name.indexOf('\0') >= 0
        || name.getBytes(StandardCharsets.UTF_8).length > MAX_NAME) {
      throw new InvalidArgumentException(
          "extended attribute \""
              + EntryName.show(name.getBytes(StandardCharsets.UTF_8))
              + "\": not a name");
    }
    return !name.startsWith("trusted.") && !name.startsWith("user.overlay.");
  }

  /**
   * Passes over what the file system does not have, and over {@code user.} attributes on what is
   * neither file nor directory, which Linux has nowhere.
   */
  private static void refused(String name, ErrnoException e, boolean special) {
    boolean unsupported = e.is(Errno.EOPNOTSUPP);
    boolean nowhere = special && e.is(Errno.EPERM) && name.startsWith("user.");
    if (unsupported || nowhere) {
      return;
    }
    if (e.is(Errno.ERANGE) || e.is(Errno.E2BIG) || e.is(Errno.EINVAL)) {
      throw new InvalidArgumentException(
          "extended attribute \""
              + EntryName.show(name.getBytes(StandardCharsets.UTF_8))
              + "\": "
              + e.getMessage(),
          e);
    }
    throw e;
  }
}
