package dev.carafe.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/**
 * Kernel calls on an open file, reading and writing apart: those are in {@link FileIo}. All throw
 * {@link ErrnoException}.
 *
 * <p>These wait for the disk: fsync, fdatasync, syncfs, copy_file_range, sendfile, FICLONE, flock.
 * Called on a virtual thread they run on a platform thread meanwhile, and an interrupt takes effect
 * after them.
 */
public final class FileCalls {
  public static final int SEEK_SET = 0;
  public static final int SEEK_CUR = 1;
  public static final int SEEK_END = 2;
  public static final int SEEK_DATA = 3;
  public static final int SEEK_HOLE = 4;

  /** fallocate: do not change the size. */
  public static final int FALLOC_KEEP_SIZE = 1;

  /** fallocate: free the blocks in the range; together with {@link #FALLOC_KEEP_SIZE}. */
  public static final int FALLOC_PUNCH_HOLE = 2;

  public static final int FALLOC_ZERO_RANGE = 16;

  public static final int LOCK_SHARED = 1;
  public static final int LOCK_EXCLUSIVE = 2;
  public static final int LOCK_UNLOCK = 8;

  public static final int SYNC_FILE_RANGE_WRITE = 2;
  public static final int FADV_DONTNEED = 4;

  private static final int LOCK_NONBLOCK = 4;
  private static final int FICLONE = 0x40049409;
  private static final int F_DUPFD_CLOEXEC = 1030;
  private static final int F_GETFL = 3;
  private static final int F_SETFL = 4;
  private static final int AT_EMPTY = AtFlags.EMPTY_PATH;

  private FileCalls() {}

  /** The inode behind {@code fd}, an O_PATH one included, by statx(2). */
  public static FileStat fstat(Fd fd) {
    return PathCalls.statx(fd, RawPath.EMPTY, AT_EMPTY);
  }

  /** fchmod(2); an O_PATH descriptor is reached through procfs (not one of a symbolic link). */
  public static void fchmod(Fd fd, int mode) {
    try (Scratch s = Scratch.take()) {
      int result = Calls.FCHMOD.call(s, fd.number(), mode);
      if (result >= 0) {
        return;
      }
      if (s.errno() != Errno.EBADF) {
        throw new ErrnoException("fchmod", s.errno(), fd);
      }
    }
    PathCalls.fchmodat(Fd.CWD, fd.procPath(), mode);
  }

  /**
   * fchownat(2) on the descriptor itself, O_PATH and symbolic links included.
   *
   * @param uid -1 leaves it
   * @param gid -1 leaves it
   */
  public static void fchown(Fd fd, long uid, long gid) {
    PathCalls.fchownat(fd, RawPath.EMPTY, uid, gid, AT_EMPTY);
  }

  /**
   * As {@link PathCalls#utimensat} on the descriptor itself; not for an O_PATH descriptor of a
   * symbolic link before Linux 5.8.
   */
  public static void futimens(
      Fd fd, long atimeSeconds, int atimeNanos, long mtimeSeconds, int mtimeNanos) {
    try (Scratch s = Scratch.take()) {
      MemorySegment times = s.allocate(32);
      times.set(JAVA_LONG, 0, atimeSeconds);
      times.set(JAVA_LONG, 8, atimeNanos);
      times.set(JAVA_LONG, 16, mtimeSeconds);
      times.set(JAVA_LONG, 24, mtimeNanos);
      if (Calls.FUTIMENS.call(s, fd.number(), times.address()) >= 0) {
        return;
      }
      if (s.errno() != Errno.EBADF) {
        throw new ErrnoException("futimens", s.errno(), fd);
      }
    }
    PathCalls.utimensat(
        fd, RawPath.EMPTY, atimeSeconds, atimeNanos, mtimeSeconds, mtimeNanos, AT_EMPTY);
  }

  /** fsync(2): when it returns, the file's bytes and metadata are on the device. */
  public static void fsync(Fd fd) {
    Offload.run(() -> onFd(Calls.FSYNC, fd));
  }

  /** fdatasync(2): the bytes and what is needed to find them. */
  public static void fdatasync(Fd fd) {
    Offload.run(() -> onFd(Calls.FDATASYNC, fd));
  }

  /** syncfs(2): everything that was written to the file system that holds {@code fd}. */
  public static void syncfs(Fd fd) {
    Offload.run(() -> onFd(Calls.SYNCFS, fd));
  }

  /** sync_file_range(2): starts or awaits writing back; a hint that makes nothing durable. */
  public static void syncFileRange(Fd fd, long offset, long length, int flags) {
    try (Scratch s = Scratch.take()) {
      int result = Calls.SYNC_FILE_RANGE.call(s, fd.number(), offset, length, flags);
      Calls.SYNC_FILE_RANGE.check(result, s, fd);
    }
  }

  /** posix_fadvise(2). */
  public static void fadvise(Fd fd, long offset, long length, int advice) {
    try (Scratch s = Scratch.take()) {
      int error = Calls.FADVISE.call(s, fd.number(), offset, length, advice);
      if (error != 0) {
        throw new ErrnoException("posix_fadvise", error, fd);
      }
    }
  }

  /** ftruncate(2). */
  public static void ftruncate(Fd fd, long size) {
    try (Scratch s = Scratch.take()) {
      Calls.FTRUNCATE.check(Calls.FTRUNCATE.call(s, fd.number(), size), s, fd);
    }
  }

  /** fallocate(2): reserves (mode 0), frees or zeroes a range by the {@code FALLOC_*} flags. */
  public static void fallocate(Fd fd, int mode, long offset, long length) {
    try (Scratch s = Scratch.take()) {
      int result = Calls.FALLOCATE.call(s, fd.number(), mode, offset, length);
      Calls.FALLOCATE.check(result, s, fd);
    }
  }

  /** lseek(2); returns the new offset. {@link #SEEK_DATA} past the last data throws ENXIO. */
  public static long lseek(Fd fd, long offset, int whence) {
    try (Scratch s = Scratch.take()) {
      long result = Calls.LSEEK.callLong(s, fd.number(), offset, whence, 0, 0, 0);
      return Calls.LSEEK.check(result, s, fd);
    }
  }

  /**
   * copy_file_range(2) from and to explicit offsets. EXDEV, EINVAL and EOPNOTSUPP say that these
   * two file systems cannot.
   *
   * @return bytes copied; 0 at the end of {@code in}
   */
  public static long copyFileRange(Fd in, long inOffset, Fd out, long outOffset, long length) {
    return Offload.call(() -> {
      try (Scratch s = Scratch.take()) {
        MemorySegment offsets = s.allocate(16);
        offsets.set(JAVA_LONG, 0, inOffset);
        offsets.set(JAVA_LONG, 8, outOffset);
        long address = offsets.address();
        long result =
            Calls.COPY_FILE_RANGE.callLong(
                s, in.number(), address, out.number(), address + 8, length, 0);
        return Calls.COPY_FILE_RANGE.check(result, s, in);
      }
    });
  }

  /** Makes {@code out} share all blocks of {@code in} (ioctl FICLONE): btrfs, XFS, bcachefs. */
  public static void clone(Fd in, Fd out) {
    Offload.run(() -> {
      try (Scratch s = Scratch.take()) {
        if (Calls.IOCTL.call(s, out.number(), FICLONE, in.number()) < 0) {
          throw new ErrnoException("ioctl FICLONE", s.errno(), out);
        }
      }
    });
  }

  /**
   * sendfile(2) from an explicit offset to the current offset of {@code out}.
   *
   * @return bytes sent; 0 at the end of {@code in}
   */
  public static long sendfile(Fd out, Fd in, long inOffset, long length) {
    return Offload.call(() -> {
      try (Scratch s = Scratch.take()) {
        MemorySegment offset = s.allocate(8);
        offset.set(JAVA_LONG, 0, inOffset);
        long result =
            Calls.SENDFILE.callLong(s, out.number(), in.number(), offset.address(), length, 0, 0);
        return Calls.SENDFILE.check(result, s, in);
      }
    });
  }

  /** flock(2), waiting for as long as it takes. */
  public static void flock(Fd fd, int operation) {
    var _ =
        Offload.callAlone(() -> {
          try (Scratch s = Scratch.take()) {
            return Calls.FLOCK.check(Calls.FLOCK.call(s, fd.number(), operation), s, fd);
          }
        });
  }

  /** flock(2) without waiting; false if somebody else holds a lock that conflicts. */
  public static boolean tryFlock(Fd fd, int operation) {
    try (Scratch s = Scratch.take()) {
      int result = Calls.FLOCK.call(s, fd.number(), operation | LOCK_NONBLOCK);
      if (result < 0 && s.errno() == Errno.EAGAIN) {
        return false;
      }
      Calls.FLOCK.check(result, s, fd);
      return true;
    }
  }

  /** fstatfs(2). */
  public static FilesystemStat fstatfs(Fd fd) {
    try (Scratch s = Scratch.take()) {
      MemorySegment buffer = s.zeroed(FilesystemStat.SIZE);
      Calls.FSTATFS.check(Calls.FSTATFS.call(s, fd.number(), buffer.address()), s, fd);
      return FilesystemStat.read(buffer);
    }
  }

  /** statfs(2). */
  public static FilesystemStat statfs(RawPath path) {
    try (Scratch s = Scratch.take()) {
      MemorySegment buffer = s.zeroed(FilesystemStat.SIZE);
      Calls.STATFS.check(Calls.STATFS.call(s, s.string(path), buffer.address()), s, path);
      return FilesystemStat.read(buffer);
    }
  }

  /** A second descriptor of the same open file, numbered {@code minimum} or more. */
  public static Fd duplicate(Fd fd, int minimum) {
    return Fd.adopt(fcntl(fd, F_DUPFD_CLOEXEC, minimum));
  }

  /** Sets or clears {@link OpenFlags#NONBLOCK} on the open file. */
  public static void setNonBlocking(Fd fd, boolean nonBlocking) {
    int flags = fcntl(fd, F_GETFL, 0);
    int wanted = nonBlocking ? flags | OpenFlags.NONBLOCK : flags & ~OpenFlags.NONBLOCK;
    if (wanted != flags) {
      fcntl(fd, F_SETFL, wanted);
    }
  }

  private static int fcntl(Fd fd, int command, int argument) {
    try (Scratch s = Scratch.take()) {
      return Calls.FCNTL.check(Calls.FCNTL.call(s, fd.number(), command, argument), s, fd);
    }
  }

  private static void onFd(NativeCall call, Fd fd) {
    try (Scratch s = Scratch.take()) {
      call.check(call.call(s, fd.number()), s, fd);
    }
  }

  private static final class Calls {
    static final NativeCall FCHMOD = NativeCall.of("fchmod");
    static final NativeCall FUTIMENS = NativeCall.of("futimens");
    static final NativeCall FSYNC = NativeCall.of("fsync");
    static final NativeCall FDATASYNC = NativeCall.of("fdatasync");
    static final NativeCall SYNCFS = NativeCall.of("syncfs");
    static final NativeCall SYNC_FILE_RANGE = NativeCall.of("sync_file_range");
    static final NativeCall FADVISE = NativeCall.of("posix_fadvise");
    static final NativeCall FTRUNCATE = NativeCall.of("ftruncate");
    static final NativeCall FALLOCATE = NativeCall.of("fallocate");
    static final NativeCall LSEEK = NativeCall.of("lseek");
    static final NativeCall COPY_FILE_RANGE = NativeCall.of("copy_file_range");
    static final NativeCall IOCTL = NativeCall.of("ioctl");
    static final NativeCall SENDFILE = NativeCall.of("sendfile");
    static final NativeCall FLOCK = NativeCall.of("flock");
    static final NativeCall FSTATFS = NativeCall.of("fstatfs");
    static final NativeCall STATFS = NativeCall.of("statfs");
    static final NativeCall FCNTL = NativeCall.of("fcntl");
  }
}
