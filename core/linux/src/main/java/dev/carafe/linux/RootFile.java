package dev.carafe.linux;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.ResourceExhaustedException;

/**
 * Reads small files of a root file system that is hostile: only regular files up to a limit
 * (CVE-2026-47262), and the kernel resolves their names inside the root, so that no link leads out.
 */
public final class RootFile {
  private RootFile() {}

  /**
   * The whole file; empty if it is not there.
   *
   * @param path relative to the root
   * @throws InvalidArgumentException if it is no regular file or cannot be read
   * @throws ResourceExhaustedException if it is larger than {@code limit} bytes
   */
  public static byte[] read(Fd root, String path, int limit) {
    String what = "/" + path + " of the container";
    try (Fd found =
        PathCalls.openat2(
            root,
            RawPath.of(path),
            OpenFlags.PATH,
            0,
            ResolveFlags.IN_ROOT | ResolveFlags.NO_MAGICLINKS)) {
      // Opened for reading only when it is known to be no device and no FIFO.
      FileStat stat = FileCalls.fstat(found);
      if (!stat.isRegular()) {
        throw new InvalidArgumentException(what + ": not a regular file");
      }
      if (stat.size() > limit) {
        throw new ResourceExhaustedException(what + ": more than " + limit + " bytes");
      }
      try (Fd file = PathCalls.openat(Fd.CWD, found.procPath(), OpenFlags.RDONLY, 0)) {
        return FileIo.readAll(file, limit);
      }
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR)) {
        return new byte[0];
      }
      throw new InvalidArgumentException(what + ": " + e.getMessage(), e);
    }
  }
}
