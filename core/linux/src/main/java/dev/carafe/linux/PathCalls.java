package dev.carafe.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * Kernel calls that name a file by a directory descriptor and a path relative to it. {@link Fd#CWD}
 * with an absolute path, or {@link RawPath#EMPTY} with {@link AtFlags#EMPTY_PATH}, where the call
 * allows it. All throw {@link ErrnoException}.
 *
 * <p>Opening a FIFO without {@link OpenFlags#NONBLOCK} blocks until the other end opens; the other
 * calls wait for the disk at most.
 */
public final class PathCalls {
  /** utimensat: take the current time. */
  public static final int UTIME_NOW = 0x3fffffff;

  /** utimensat: leave the time as it is. */
  public static final int UTIME_OMIT = 0x3ffffffe;

  /** renameat2: fail with EEXIST instead of replacing. */
  public static final int RENAME_NOREPLACE = 1;

  /** renameat2: swap the two. */
  public static final int RENAME_EXCHANGE = 2;

  /** renameat2: leave an overlay whiteout behind. */
  public static final int RENAME_WHITEOUT = 4;

  private static final int PATH_MAX = 4096;
  private static final int OPEN_RACE_RETRIES = 128;

  private PathCalls() {}

  /** openat(2) on the working directory. */
  public static Fd open(Path path, int flags, int mode) {
    return openat(Fd.CWD, RawPath.of(path), flags, mode);
  }

  /** openat(2). */
  public static Fd openat(Fd dir, RawPath path, int flags, int mode) {
    try (Scratch s = Scratch.take()) {
      long name = s.string(path);
      int fd = Calls.OPENAT.call(s, dir.number(), name, flags | OpenFlags.CLOEXEC, mode);
      return Fd.adopt(Calls.OPENAT.check(fd, s, path));
    }
  }

  /**
   * openat2(2): resolution under {@link ResolveFlags}. When something is renamed anywhere on the
   * machine meanwhile, the kernel may give up on {@code ..} inside {@code BENEATH} or {@code
   * IN_ROOT} with EAGAIN; that is tried again a bounded number of times. Needs Linux 5.6.
   *
   * @param mode zero unless the flags create a file
   */
  public static Fd openat2(Fd dir, RawPath path, int flags, int mode, long resolve) {
    try (Scratch s = Scratch.take()) {
      long name = s.string(path);
      MemorySegment how = s.allocate(24);
      how.set(JAVA_LONG, 0, (flags | OpenFlags.CLOEXEC) & 0xffffffffL);
      how.set(JAVA_LONG, 8, mode);
      how.set(JAVA_LONG, 16, resolve);
      int attempts = (resolve & ResolveFlags.CACHED) == 0 ? OPEN_RACE_RETRIES : 1;
      while (true) {
        int fd = Calls.OPENAT2.call(s, dir.number(), name, how.address(), 24);
        if (fd >= 0) {
          return Fd.adopt(fd);
        }
        if (s.errno() != Errno.EAGAIN || --attempts <= 0) {
          throw Calls.OPENAT2.failure(s.errno(), path);
        }
      }
    }
  }

  /** mkdirat(2); the mode is cut by the process's umask. */
  public static void mkdirat(Fd dir, RawPath path, int mode) {
    try (Scratch s = Scratch.take()) {
      Calls.MKDIRAT.check(Calls.MKDIRAT.call(s, dir.number(), s.string(path), mode), s, path);
    }
  }

  /**
   * mknodat(2): a device, FIFO, socket or empty file, by the type bits of {@code mode}.
   *
   * @param major of a device; else zero
   * @param minor of a device; else zero
   */
  public static void mknodat(Fd dir, RawPath path, int mode, int major, int minor) {
    long device =
        (minor & 0xffL)
            | (major & 0xfffL) << 8
            | (minor & 0xffffff00L) << 12
            | (major & 0xfffff000L) << 32;
    try (Scratch s = Scratch.take()) {
      int result = Calls.MKNODAT.call(s, dir.number(), s.string(path), mode, device);
      Calls.MKNODAT.check(result, s, path);
    }
  }

  /** A FIFO, by mknodat(2). */
  public static void mkfifoat(Fd dir, RawPath path, int permissions) {
    mknodat(dir, path, FileStat.FIFO | permissions, 0, 0);
  }

  /** symlinkat(2): {@code path} will say {@code target}, whatever that is. */
  public static void symlinkat(RawPath target, Fd dir, RawPath path) {
    try (Scratch s = Scratch.take()) {
      int result = Calls.SYMLINKAT.call(s, s.string(target), dir.number(), s.string(path));
      Calls.SYMLINKAT.check(result, s, path);
    }
  }

  /** linkat(2). */
  public static void linkat(Fd fromDir, RawPath from, Fd dir, RawPath path, int flags) {
    try (Scratch s = Scratch.take()) {
      int result =
          Calls.LINKAT.call(
              s, fromDir.number(), s.string(from), dir.number(), s.string(path), flags);
      Calls.LINKAT.check(result, s, path);
    }
  }

  /**
   * Gives {@code file} (an {@link OpenFlags#TMPFILE} or {@link OpenFlags#PATH} one, too) a name.
   */
  public static void linkFd(Fd file, Fd dir, RawPath path) {
    linkat(Fd.CWD, file.procPath(), dir, path, AtFlags.SYMLINK_FOLLOW);
  }

  /** unlinkat(2); a directory needs {@link AtFlags#REMOVEDIR}. */
  public static void unlinkat(Fd dir, RawPath path, int flags) {
    try (Scratch s = Scratch.take()) {
      Calls.UNLINKAT.check(Calls.UNLINKAT.call(s, dir.number(), s.string(path), flags), s, path);
    }
  }

  /** renameat2(2). */
  public static void renameat2(Fd fromDir, RawPath from, Fd dir, RawPath path, int flags) {
    try (Scratch s = Scratch.take()) {
      int result =
          Calls.RENAMEAT2.call(
              s, fromDir.number(), s.string(from), dir.number(), s.string(path), flags);
      Calls.RENAMEAT2.check(result, s, from);
    }
  }

  /** statx(2), basic fields; pass {@link AtFlags#SYMLINK_NOFOLLOW} for the link itself. */
  public static FileStat statx(Fd dir, RawPath path, int flags) {
    try (Scratch s = Scratch.take()) {
      MemorySegment buffer = s.allocate(FileStat.SIZE);
      int result =
          Calls.STATX.call(
              s, dir.number(), s.string(path), flags, FileStat.BASIC_STATS, buffer.address());
      Calls.STATX.check(result, s, path);
      return FileStat.read(buffer);
    }
  }

  /** readlinkat(2); with {@link RawPath#EMPTY} the link that an O_PATH descriptor refers to. */
  public static RawPath readlinkat(Fd dir, RawPath path) {
    try (Scratch s = Scratch.take()) {
      MemorySegment buffer = s.allocate(PATH_MAX);
      int length =
          Calls.READLINKAT.call(s, dir.number(), s.string(path), buffer.address(), PATH_MAX);
      Calls.READLINKAT.check(length, s, path);
      byte[] target = new byte[length];
      MemorySegment.copy(buffer, JAVA_BYTE, 0, target, 0, length);
      return RawPath.wrap(target);
    }
  }

  /**
   * fchownat(2). Clears set-user-id, set-group-id and file capabilities, so it comes before chmod
   * and setxattr.
   *
   * @param uid -1 leaves it
   * @param gid -1 leaves it
   */
  public static void fchownat(Fd dir, RawPath path, long uid, long gid, int flags) {
    try (Scratch s = Scratch.take()) {
      int result = Calls.FCHOWNAT.call(s, dir.number(), s.string(path), uid, gid, flags);
      Calls.FCHOWNAT.check(result, s, path);
    }
  }

  /**
   * fchmodat(2), which follows a symbolic link at the end of {@code path}. Where that may be one,
   * open it with {@link OpenFlags#PATH} and {@link OpenFlags#NOFOLLOW} and use {@link
   * FileCalls#fchmod}.
   */
  public static void fchmodat(Fd dir, RawPath path, int mode) {
    try (Scratch s = Scratch.take()) {
      Calls.FCHMODAT.check(Calls.FCHMODAT.call(s, dir.number(), s.string(path), mode), s, path);
    }
  }

  /**
   * utimensat(2). With {@link RawPath#EMPTY} it needs {@link AtFlags#EMPTY_PATH} (Linux 5.8).
   *
   * @param atimeNanos 0 to 999999999, {@link #UTIME_NOW} or {@link #UTIME_OMIT}
   * @param mtimeNanos 0 to 999999999, {@link #UTIME_NOW} or {@link #UTIME_OMIT}
   */
  public static void utimensat(
      Fd dir,
      RawPath path,
      long atimeSeconds,
      int atimeNanos,
      long mtimeSeconds,
      int mtimeNanos,
      int flags) {
    try (Scratch s = Scratch.take()) {
      MemorySegment times = s.allocate(32);
      times.set(JAVA_LONG, 0, atimeSeconds);
      times.set(JAVA_LONG, 8, atimeNanos);
      times.set(JAVA_LONG, 16, mtimeSeconds);
      times.set(JAVA_LONG, 24, mtimeNanos);
      int result = Calls.UTIMENSAT.call(s, dir.number(), s.string(path), times.address(), flags);
      Calls.UTIMENSAT.check(result, s, path);
    }
  }

  private static final class Calls {
    static final NativeCall OPENAT = NativeCall.of("openat");
    static final Syscall OPENAT2 = new Syscall("openat2", 437, "5.6");
    static final NativeCall MKDIRAT = NativeCall.of("mkdirat");
    static final NativeCall MKNODAT = NativeCall.of("mknodat");
    static final NativeCall SYMLINKAT = NativeCall.of("symlinkat");
    static final NativeCall LINKAT = NativeCall.of("linkat");
    static final NativeCall UNLINKAT = NativeCall.of("unlinkat");
    static final NativeCall RENAMEAT2 = NativeCall.of("renameat2");
    static final NativeCall STATX = NativeCall.of("statx");
    static final NativeCall READLINKAT = NativeCall.of("readlinkat");
    static final NativeCall FCHOWNAT = NativeCall.of("fchownat");
    static final NativeCall FCHMODAT = NativeCall.of("fchmodat");
    static final NativeCall UTIMENSAT = NativeCall.of("utimensat");
  }
}
