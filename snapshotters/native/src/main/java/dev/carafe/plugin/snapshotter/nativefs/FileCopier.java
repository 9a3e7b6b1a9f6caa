package dev.carafe.plugin.snapshotter.nativefs;

import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileCalls;
import dev.carafe.linux.FileIo;
import dev.carafe.spi.errors.CancelledException;
import java.nio.ByteBuffer;

/**
 * Copies the bytes of files: shares their blocks where the file system can, lets the kernel copy
 * them where not, and copies them by hand where the kernel cannot either. Holes stay holes. For one
 * thread at a time; remembers what did not work.
 */
final class FileCopier {
  /** Below this it does not pay to ask for more than read and write. */
  private static final int SMALL = 64 * 1024;

  private static final long CHUNK = 64 << 20;
  private static final int BLOCK = 512;

  private final ByteBuffer buffer = ByteBuffer.allocateDirect(SMALL);
  private boolean canClone;
  private boolean canCopy;

  FileCopier() {
    this(true, true);
  }

  /** One that does not try certain ways. */
  FileCopier(boolean canClone, boolean canCopy) {
    this.canClone = canClone;
    this.canCopy = canCopy;
  }

  /**
   * @param to an empty file, open for writing
   * @param size bytes of {@code from}
   * @param blocks units of 512 bytes that {@code from} has
   * @throws CancelledException if the thread is interrupted
   */
  void copy(Fd from, Fd to, long size, long blocks) {
    if (size == 0) {
      return;
    }
    if (size > SMALL && canClone && cloned(from, to)) {
      return;
    }
    if (blocks * BLOCK >= size) {
      copyRange(from, to, 0, size);
      return;
    }
    long position = 0;
    while (position < size) {
      long data = seek(from, position, FileCalls.SEEK_DATA);
      if (data < 0 || data >= size) {
        break;
      }
      long hole = Math.min(size, seek(from, data, FileCalls.SEEK_HOLE));
      copyRange(from, to, data, hole);
      position = hole;
    }
    FileCalls.ftruncate(to, size);
  }

  private boolean cloned(Fd from, Fd to) {
    try {
      FileCalls.clone(from, to);
      return true;
    } catch (ErrnoException e) {
      if (!isUnsupported(e)) {
        throw e;
      }
      canClone = false;
      return false;
    }
  }

  /** -1 behind the last data. */
  private static long seek(Fd file, long from, int whence) {
    try {
      return FileCalls.lseek(file, from, whence);
    } catch (ErrnoException e) {
      if (e.is(Errno.ENXIO)) {
        return -1;
      }
      throw e;
    }
  }

  private void copyRange(Fd from, Fd to, long start, long end) {
    long position = start;
    while (position < end && canCopy && end - position > SMALL) {
      requireNotInterrupted();
      try {
        long copied =
            FileCalls.copyFileRange(from, position, to, position, Math.min(CHUNK, end - position));
        if (copied == 0) {
          break;
        }
        position += copied;
      } catch (ErrnoException e) {
        if (!isUnsupported(e)) {
          throw e;
        }
        canCopy = false;
      }
    }
    while (position < end) {
      requireNotInterrupted();
      buffer.clear().limit((int) Math.min(SMALL, end - position));
      int read = FileIo.pread(from, buffer, position);
      if (read == 0) {
        return;
      }
      FileIo.pwriteFully(to, buffer.flip(), position);
      position += read;
    }
  }

  private static boolean isUnsupported(ErrnoException e) {
    return switch (e.errno()) {
      case Errno.EOPNOTSUPP, Errno.EINVAL, Errno.EXDEV, Errno.ENOSYS, Errno.ENOTTY, Errno.EPERM ->
          true;
      default -> false;
    };
  }

  private static void requireNotInterrupted() {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancelledException("copying a snapshot: interrupted");
    }
  }
}
