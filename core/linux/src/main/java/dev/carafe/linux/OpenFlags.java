package dev.carafe.linux;

/** {@code O_*} of open(2) for this architecture. {@code O_CLOEXEC} is always added. */
public final class OpenFlags {
  private static final boolean ARM64 = System.getProperty("os.arch", "").equals("aarch64");

  public static final int RDONLY = 0;
  public static final int WRONLY = 1;
  public static final int RDWR = 2;
  public static final int CREAT = 0100;
  public static final int EXCL = 0200;
  public static final int NOCTTY = 0400;
  public static final int TRUNC = 01000;
  public static final int APPEND = 02000;
  public static final int NONBLOCK = 04000;
  public static final int DSYNC = 010000;
  public static final int DIRECT = ARM64 ? 0200000 : 040000;
  public static final int DIRECTORY = ARM64 ? 040000 : 0200000;
  public static final int NOFOLLOW = ARM64 ? 0100000 : 0400000;
  public static final int NOATIME = 01000000;
  public static final int CLOEXEC = 02000000;

  /** Names the inode without opening it: enough for stat, the at calls and {@link Fd#procPath}. */
  public static final int PATH = 010000000;

  /** A file without a name in the directory given; see {@link PathCalls#linkFd}. */
  public static final int TMPFILE = 020000000 | DIRECTORY;

  private OpenFlags() {}
}
