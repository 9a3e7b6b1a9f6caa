package dev.carafe.plugin.mounts;

import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.Mounter;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.ResolveFlags;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.mounts.RootFileSystems;
import java.nio.file.Path;
import java.util.List;

/** {@link RootFileSystems} by openat2(2) and mount(2). */
final class KernelRootFileSystems implements RootFileSystems {
  private static final long INSIDE = ResolveFlags.IN_ROOT | ResolveFlags.NO_MAGICLINKS;

  private final Mounter mounter;

  KernelRootFileSystems(Mounter mounter) {
    this.mounter = mounter;
  }

  @Override
  public void mount(Path root, List<Mount> mounts, boolean readOnly) {
    try {
      for (Mount mount : mounts) {
        if (!mount.target().isEmpty()) {
          makePlace(root, mount);
        }
        mounter.mount(List.of(mount), root);
      }
      if (readOnly) {
        mounter.mount(List.of(new Mount("bind", "none", List.of("remount", "bind", "ro"))), root);
      }
    } catch (ErrnoException | IllegalArgumentException e) {
      undo(root, e);
      throw new FailedPreconditionException(String.valueOf(e.getMessage()), e);
    } catch (RuntimeException e) {
      undo(root, e);
      throw e;
    }
  }

  private void undo(Path root, RuntimeException cause) {
    try {
      mounter.detachAll(root);
    } catch (ErrnoException e) {
      cause.addSuppressed(e);
    }
  }

  /** A place for a file if a file is bound there, else for a directory. */
  private static void makePlace(Path root, Mount mount) {
    try (Fd top = directory(root)) {
      String parent = "";
      String[] names = names(mount.target());
      for (int i = 0; i < names.length; i++) {
        String path = parent + "/" + names[i];
        if (!exists(top, path)) {
          try (Fd in = open(top, parent.isEmpty() ? "/" : parent, OpenFlags.PATH)) {
            make(in, names[i], i == names.length - 1 && isFile(mount));
          }
        }
        parent = path;
      }
    }
  }

  private static String[] names(String target) {
    String normal = Path.of("/").resolve(target).normalize().toString().substring(1);
    if (normal.isEmpty()) {
      throw new InvalidArgumentException("mount target \"" + target + "\": is the root");
    }
    return normal.split("/");
  }

  private static void make(Fd in, String name, boolean file) {
    try {
      if (file) {
        int flags = OpenFlags.CREAT | OpenFlags.EXCL | OpenFlags.WRONLY | OpenFlags.NOFOLLOW;
        PathCalls.openat(in, RawPath.of(name), flags, 0644).close();
      } else {
        PathCalls.mkdirat(in, RawPath.of(name), 0755);
      }
    } catch (ErrnoException e) {
      if (!e.is(Errno.EEXIST)) {
        throw e;
      }
    }
  }

  private static boolean isFile(Mount mount) {
    boolean bind =
        mount.type().equals("bind")
            || mount.options().contains("bind")
            || mount.options().contains("rbind");
    return bind && !PathCalls.statx(Fd.CWD, RawPath.of(mount.source()), 0).isDirectory();
  }

  private static boolean exists(Fd top, String path) {
    try (Fd _ = open(top, path, OpenFlags.PATH)) {
      return true;
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOENT)) {
        return false;
      }
      throw e;
    }
  }

  private static Fd directory(Path root) {
    return PathCalls.open(root, OpenFlags.PATH | OpenFlags.DIRECTORY, 0);
  }

  private static Fd open(Fd top, String path, int flags) {
    return PathCalls.openat2(top, RawPath.of(path), flags, 0, INSIDE);
  }

  @Override
  public void unmount(Path root) {
    try {
      mounter.detachAll(root);
    } catch (ErrnoException e) {
      throw new FailedPreconditionException(String.valueOf(e.getMessage()), e);
    }
  }

  @Override
  public Found find(Path root, String path, boolean follow) {
    if (path.indexOf(0) >= 0) {
      throw new InvalidArgumentException("path \"" + path + "\": has a zero byte");
    }
    try (Fd top = directory(root)) {
      String name = path.isEmpty() ? "/" : path;
      return new Open(open(top, name, OpenFlags.PATH | (follow ? 0 : OpenFlags.NOFOLLOW)));
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR) || e.is(Errno.ELOOP)) {
        throw new NotFoundException("\"" + path + "\" in " + root + ": not found", e);
      }
      throw new FailedPreconditionException(String.valueOf(e.getMessage()), e);
    }
  }

  private record Open(Fd fd) implements Found {
    @Override
    public Path path() {
      return Path.of(fd.procPath().toString());
    }

    @Override
    public void close() {
      fd.close();
    }
  }
}
