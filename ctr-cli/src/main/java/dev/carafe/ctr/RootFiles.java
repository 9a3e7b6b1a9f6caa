package dev.carafe.ctr;

import dev.carafe.api.types.Mount;
import dev.carafe.linux.DetachedMount;
import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileCalls;
import dev.carafe.linux.FileIo;
import dev.carafe.linux.FileStat;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.ResolveFlags;
import dev.carafe.oci.ContainerUser;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * A container's user files. They are hostile: only regular files of at most 10 MiB are read
 * (CVE-2026-47262), line by line, and the kernel resolves their names inside the container's root,
 * so that no link leads out of it.
 */
final class RootFiles implements ContainerUser.Files {
  static final int LIMIT = 10 << 20;

  private final Supplier<Fd> root;

  private RootFiles(Supplier<Fd> root) {
    this.root = root;
  }

  /** The files of a snapshot that nothing runs in, mounted where nobody else sees it. */
  static RootFiles ofSnapshot(List<Mount> mounts) {
    return new RootFiles(() -> DetachedMount.open(mounts.stream().map(RootFiles::lower).toList()));
  }

  /** The files below a directory, for example a process's {@code /proc/PID/root}. */
  static RootFiles ofDirectory(Path directory) {
    return new RootFiles(() -> PathCalls.open(directory, OpenFlags.PATH, 0));
  }

  /**
   * The mount without its writable layer, which has nothing in it yet: the end of a writable
   * overlay waits until a whole file system is written back.
   */
  private static dev.carafe.spi.mounts.Mount lower(Mount mount) {
    List<String> options = new ArrayList<>(mount.getOptionsList());
    options.removeIf(o -> o.startsWith("upperdir=") || o.startsWith("workdir="));
    List<String> lower = options.stream().filter(o -> o.startsWith("lowerdir")).toList();
    String only = lower.size() == 1 ? lower.getFirst() : ":";
    if (mount.getType().equals("overlay") && only.indexOf(':') < 0 && only.indexOf('\\') < 0) {
      // An overlay needs two layers.
      String directory = only.substring(only.indexOf('=') + 1);
      return new dev.carafe.spi.mounts.Mount(
          "bind", directory, mount.getTarget(), List.of("rbind"));
    }
    return new dev.carafe.spi.mounts.Mount(
        mount.getType(), mount.getSource(), mount.getTarget(), options);
  }

  @Override
  public Iterable<String> passwd() {
    return lines("passwd");
  }

  @Override
  public Iterable<String> group() {
    return lines("group");
  }

  private Iterable<String> lines(String name) {
    String text = new String(read(name), StandardCharsets.ISO_8859_1);
    return () -> text.lines().iterator();
  }

  private byte[] read(String name) {
    String what = "/etc/" + name + " of the container";
    try (Fd directory = root.get();
        Fd found =
            PathCalls.openat2(
                directory,
                RawPath.of("etc/" + name),
                OpenFlags.PATH,
                0,
                ResolveFlags.IN_ROOT | ResolveFlags.NO_MAGICLINKS)) {
      // Opened for reading only when it is known to be no device and no FIFO.
      FileStat stat = FileCalls.fstat(found);
      if (!stat.isRegular()) {
        throw new InvalidArgumentException(what + ": not a regular file");
      }
      if (stat.size() > LIMIT) {
        throw new ResourceExhaustedException(what + ": more than " + LIMIT + " bytes");
      }
      try (Fd file = PathCalls.openat(Fd.CWD, found.procPath(), OpenFlags.RDONLY, 0)) {
        return FileIo.readAll(file, LIMIT);
      }
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR)) {
        return new byte[0];
      }
      throw new InvalidArgumentException(what + ": " + e.getMessage(), e);
    }
  }
}
