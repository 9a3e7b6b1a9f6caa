package dev.carafe.linux;

/** {@code AT_*} flags of the calls that take a directory descriptor. */
public final class AtFlags {
  /** Act on a symbolic link itself. */
  public static final int SYMLINK_NOFOLLOW = 0x100;

  /** unlinkat: remove a directory. */
  public static final int REMOVEDIR = 0x200;

  /** linkat: follow a symbolic link. */
  public static final int SYMLINK_FOLLOW = 0x400;

  public static final int NO_AUTOMOUNT = 0x800;

  /** With {@link RawPath#EMPTY}: act on the descriptor itself. */
  public static final int EMPTY_PATH = 0x1000;

  /** Mount calls: the whole tree of mounts below. */
  public static final int RECURSIVE = 0x8000;

  private AtFlags() {}
}
