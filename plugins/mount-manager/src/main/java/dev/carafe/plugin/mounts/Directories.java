package dev.carafe.plugin.mounts;

import dev.carafe.engine.stores.Activation;
import dev.carafe.linux.AtFlags;
import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.ResolveFlags;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Directories that a mount wants to be there, in mounts that were made: what is in those is
 * somebody's image, so no link leads out of them.
 */
final class Directories {
  static final String OPTION = "X-containerd.mkdir.path=";

  private static final Pattern VALUE =
      Pattern.compile("([^:]{1,4096})(?::([0-7]{1,4})(?::([0-9]{1,10}):([0-9]{1,10}))?)?");
  private static final int MODE = 0700;
  private static final long MAX_ID = 0xffff_fffeL;

  private Directories() {}

  /** Makes the directory that an option names, and those above it. */
  static void make(String option, List<Activation.Active> made) {
    Matcher value = VALUE.matcher(option.substring(OPTION.length()));
    if (!value.matches()) {
      throw new InvalidArgumentException(
          "mount option " + OPTION + ": must be PATH[:MODE[:UID:GID]]");
    }
    Path path = Path.of(value.group(1)).normalize();
    int mode = value.group(2) == null ? MODE : Integer.parseInt(value.group(2), 8);
    for (Activation.Active mount : made) {
      Path root = Path.of(mount.mountPoint());
      if (path.startsWith(root) && !path.equals(root)) {
        make(root, root.relativize(path), mode, id(value.group(3)), id(value.group(4)));
        return;
      }
    }
    throw new InvalidArgumentException(
        "mount option " + OPTION + ": \"" + path + "\" is in no mount of the activation");
  }

  private static long id(@Nullable String text) {
    long id = text == null ? 0 : Long.parseLong(text);
    if (id > MAX_ID) {
      throw new InvalidArgumentException("mount option " + OPTION + ": id " + id + " is too large");
    }
    return id;
  }

  private static void make(Path root, Path relative, int mode, long uid, long gid) {
    Fd directory = PathCalls.open(root, OpenFlags.PATH | OpenFlags.DIRECTORY, 0);
    try {
      for (Path part : relative) {
        RawPath name = RawPath.of(part.toString());
        try {
          PathCalls.mkdirat(directory, name, mode);
          PathCalls.fchownat(directory, name, uid, gid, AtFlags.SYMLINK_NOFOLLOW);
          PathCalls.fchmodat(directory, name, mode);
        } catch (ErrnoException e) {
          if (!e.is(Errno.EEXIST)) {
            throw e;
          }
        }
        Fd next =
            PathCalls.openat2(
                directory,
                name,
                OpenFlags.PATH | OpenFlags.DIRECTORY,
                0,
                ResolveFlags.BENEATH | ResolveFlags.NO_SYMLINKS | ResolveFlags.NO_XDEV);
        directory.close();
        directory = next;
      }
    } finally {
      directory.close();
    }
  }
}
