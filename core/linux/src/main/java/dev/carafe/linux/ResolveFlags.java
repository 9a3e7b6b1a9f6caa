package dev.carafe.linux;

/** {@code RESOLVE_*} of openat2(2): how every component of a path is resolved. */
public final class ResolveFlags {
  /** Do not cross a mount point, bind mounts included. */
  public static final long NO_XDEV = 0x01;

  /** Refuse magic links such as those in {@code /proc/PID/fd}. */
  public static final long NO_MAGICLINKS = 0x02;

  /** Refuse every symbolic link, magic or not. */
  public static final long NO_SYMLINKS = 0x04;

  /** Refuse to leave the directory. */
  public static final long BENEATH = 0x08;

  /** Treat the directory as the root: absolute links and {@code ..} stay inside. */
  public static final long IN_ROOT = 0x10;

  /** Only what is in the dentry cache, else EAGAIN. */
  public static final long CACHED = 0x20;

  private ResolveFlags() {}
}
