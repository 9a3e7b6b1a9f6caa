package dev.carafe.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/**
 * What statfs(2) tells about a mounted file system.
 *
 * @param type the magic number, such as {@link #OVERLAYFS}
 * @param blockSize bytes per block
 * @param blocks in all
 * @param freeBlocks free
 * @param availableBlocks free for unprivileged users
 * @param files inodes in all
 * @param freeFiles inodes free
 * @param flags {@code ST_*}: how it is mounted
 */
public record FilesystemStat(
    long type,
    long blockSize,
    long blocks,
    long freeBlocks,
    long availableBlocks,
    long files,
    long freeFiles,
    long flags) {
  public static final long OVERLAYFS = 0x794c7630L;
  public static final long TMPFS = 0x01021994L;
  public static final long CGROUP = 0x27e0ebL;
  public static final long CGROUP2 = 0x63677270L;

  /** What namespaces' files are on. */
  public static final long NSFS = 0x6e736673L;

  public static final long BTRFS = 0x9123683eL;
  public static final long XFS = 0x58465342L;
  public static final long EXT4 = 0xef53L;

  private static final long ST_RDONLY = 1;

  static final int SIZE = 120;

  /** Whether this mount, or the whole file system, is read-only. */
  public boolean readOnly() {
    return (flags & ST_RDONLY) != 0;
  }

  static FilesystemStat read(MemorySegment s) {
    return new FilesystemStat(
        s.get(JAVA_LONG, 0),
        s.get(JAVA_LONG, 8),
        s.get(JAVA_LONG, 16),
        s.get(JAVA_LONG, 24),
        s.get(JAVA_LONG, 32),
        s.get(JAVA_LONG, 40),
        s.get(JAVA_LONG, 48),
        s.get(JAVA_LONG, 80));
  }
}
