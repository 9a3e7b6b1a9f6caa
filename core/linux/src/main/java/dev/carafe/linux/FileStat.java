package dev.carafe.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/**
 * What statx(2) tells about an inode.
 *
 * @param mode type and permission bits
 * @param uid 0 to 2³²-1
 * @param gid 0 to 2³²-1
 * @param size bytes
 * @param blocks allocated, in units of 512 bytes
 * @param rdevMajor of the device that a device node stands for
 * @param rdevMinor of the device that a device node stands for
 * @param devMajor of the device that holds the inode
 * @param devMinor of the device that holds the inode
 * @param attributes {@code STATX_ATTR_*}
 */
public record FileStat(
    int mode,
    long uid,
    long gid,
    long size,
    long ino,
    long nlink,
    long blocks,
    int devMajor,
    int devMinor,
    int rdevMajor,
    int rdevMinor,
    long mtimeSeconds,
    int mtimeNanos,
    long atimeSeconds,
    int atimeNanos,
    long ctimeSeconds,
    int ctimeNanos,
    long attributes) {

  public static final int TYPE_MASK = 0170000;
  public static final int SOCKET = 0140000;
  public static final int SYMLINK = 0120000;
  public static final int REGULAR = 0100000;
  public static final int BLOCK_DEVICE = 0060000;
  public static final int DIRECTORY = 0040000;
  public static final int CHARACTER_DEVICE = 0020000;
  public static final int FIFO = 0010000;

  static final int SIZE = 256;
  static final int BASIC_STATS = 0x7ff;
  private static final long ATTR_MOUNT_ROOT = 0x2000;

  static FileStat read(MemorySegment s) {
    return new FileStat(
        s.get(JAVA_SHORT, 28) & 0xffff,
        s.get(JAVA_INT, 20) & 0xffffffffL,
        s.get(JAVA_INT, 24) & 0xffffffffL,
        s.get(JAVA_LONG, 40),
        s.get(JAVA_LONG, 32),
        s.get(JAVA_INT, 16) & 0xffffffffL,
        s.get(JAVA_LONG, 48),
        s.get(JAVA_INT, 136),
        s.get(JAVA_INT, 140),
        s.get(JAVA_INT, 128),
        s.get(JAVA_INT, 132),
        s.get(JAVA_LONG, 112),
        s.get(JAVA_INT, 120),
        s.get(JAVA_LONG, 64),
        s.get(JAVA_INT, 72),
        s.get(JAVA_LONG, 96),
        s.get(JAVA_INT, 104),
        s.get(JAVA_LONG, 8));
  }

  /** One of the type constants. */
  public int type() {
    return mode & TYPE_MASK;
  }

  /** The permission bits with set-user-id, set-group-id and sticky. */
  public int permissions() {
    return mode & 07777;
  }

  public boolean isDirectory() {
    return type() == DIRECTORY;
  }

  public boolean isRegular() {
    return type() == REGULAR;
  }

  public boolean isSymlink() {
    return type() == SYMLINK;
  }

  /** Whether it is the root of a mount (Linux 5.8). */
  public boolean isMountRoot() {
    return (attributes & ATTR_MOUNT_ROOT) != 0;
  }

  /** Whether both are the same inode of the same device. */
  public boolean isSameFile(FileStat other) {
    return ino == other.ino && devMajor == other.devMajor && devMinor == other.devMinor;
  }
}
