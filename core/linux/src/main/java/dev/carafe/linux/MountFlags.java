package dev.carafe.linux;

/** Flags of mount(2), umount2(2), fsmount(2), mount_setattr(2), open_tree(2) and move_mount(2). */
public final class MountFlags {
  public static final long RDONLY = 1;
  public static final long NOSUID = 2;
  public static final long NODEV = 4;
  public static final long NOEXEC = 8;
  public static final long SYNCHRONOUS = 16;
  public static final long REMOUNT = 32;
  public static final long MANDLOCK = 64;
  public static final long DIRSYNC = 128;
  public static final long NOSYMFOLLOW = 256;
  public static final long NOATIME = 1024;
  public static final long NODIRATIME = 2048;
  public static final long BIND = 4096;
  public static final long MOVE = 8192;
  public static final long REC = 16384;
  public static final long UNBINDABLE = 1 << 17;
  public static final long PRIVATE = 1 << 18;
  public static final long SLAVE = 1 << 19;
  public static final long SHARED = 1 << 20;
  public static final long RELATIME = 1 << 21;
  public static final long STRICTATIME = 1 << 24;
  public static final long LAZYTIME = 1 << 25;

  /** umount2: out of sight now, gone when nobody uses it. */
  public static final int DETACH = 2;

  /** umount2: do not follow a symbolic link at the end of the path. */
  public static final int UMOUNT_NOFOLLOW = 8;

  public static final long ATTR_RDONLY = 0x1;
  public static final long ATTR_NOSUID = 0x2;
  public static final long ATTR_NODEV = 0x4;
  public static final long ATTR_NOEXEC = 0x8;
  public static final long ATTR_RELATIME = 0;
  public static final long ATTR_NOATIME = 0x10;
  public static final long ATTR_STRICTATIME = 0x20;

  /** The bits that hold one of the three above; to be cleared when one is set. */
  public static final long ATTR_ATIME_MASK = 0x70;

  public static final long ATTR_NODIRATIME = 0x80;
  public static final long ATTR_IDMAP = 0x100000;
  public static final long ATTR_NOSYMFOLLOW = 0x200000;

  /** open_tree: a detached copy of the mount, rather than a descriptor in it. */
  public static final int OPEN_TREE_CLONE = 1;

  /** move_mount: the source is the descriptor itself. */
  public static final int MOVE_FROM_EMPTY_PATH = 0x4;

  /** move_mount: the target is the descriptor itself. */
  public static final int MOVE_TO_EMPTY_PATH = 0x40;

  private MountFlags() {}
}
