package dev.carafe.plugin.images.archive;

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
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.PermissionDeniedException;
import dev.carafe.spi.errors.UnavailableException;
import java.io.InputStream;
import java.nio.file.Path;

/**
 * A directory whose files are read, and nothing else: the kernel resolves names inside it, so that
 * no link leads out, and only regular files are opened.
 *
 * @param name for messages
 */
record Folder(Fd fd, String name) implements Members {
  private static final long INSIDE = ResolveFlags.BENEATH | ResolveFlags.NO_MAGICLINKS;

  /** A directory that the administrator names. */
  static Folder open(Path path) {
    try {
      Fd fd = PathCalls.open(path, OpenFlags.PATH | OpenFlags.DIRECTORY, 0);
      return new Folder(fd, path.toString());
    } catch (ErrnoException e) {
      throw failure(path.toString(), e);
    }
  }

  /** A directory inside. */
  Folder folder(String path) {
    String inside = name + "/" + path;
    try {
      int flags = OpenFlags.PATH | OpenFlags.DIRECTORY;
      return new Folder(PathCalls.openat2(fd, RawPath.of(path), flags, 0, INSIDE), inside);
    } catch (ErrnoException e) {
      throw failure(inside, e);
    }
  }

  /** A regular file inside, for reading. */
  Fd file(String path) {
    String inside = name + "/" + path;
    try (Fd found = PathCalls.openat2(fd, RawPath.of(path), OpenFlags.PATH, 0, INSIDE)) {
      // Opened for reading only when it is known to be no device and no FIFO.
      FileStat stat = FileCalls.fstat(found);
      if (!stat.isRegular()) {
        throw new InvalidArgumentException("\"" + inside + "\" is not a regular file");
      }
      return PathCalls.openat(Fd.CWD, found.procPath(), OpenFlags.RDONLY, 0);
    } catch (ErrnoException e) {
      throw failure(inside, e);
    }
  }

  private static RuntimeException failure(String path, ErrnoException e) {
    if (e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR)) {
      return new NotFoundException("\"" + path + "\": not found", e);
    }
    if (e.is(Errno.EXDEV) || e.is(Errno.ELOOP)) {
      return new PermissionDeniedException("\"" + path + "\" leads out of where images may be", e);
    }
    return new UnavailableException("\"" + path + "\": " + e.getMessage(), e);
  }

  @Override
  public InputStream open(String path, long offset) {
    Fd file = file(path);
    return new FileInput(file, true, offset, FileCalls.fstat(file).size());
  }

  @Override
  public void close() {
    fd.close();
  }
}
