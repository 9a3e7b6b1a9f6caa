package dev.carafe.plugin.diff.tar;

import dev.carafe.linux.Fd;
import dev.carafe.linux.FileIo;
import dev.carafe.linux.FileStat;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;

/** Whether a file of the newer tree differs from the one of the same name in the older. */
final class FileComparison {
  private static final int STEP = 256 * 1024;

  private final ByteBuffer left = ByteBuffer.allocateDirect(STEP);
  private final ByteBuffer right = ByteBuffer.allocateDirect(STEP);
  private final Runnable checkpoint;

  FileComparison(Runnable checkpoint) {
    this.checkpoint = checkpoint;
  }

  /**
   * Compares everything that an archive keeps. The same inode, unchanged since, is the same file;
   * for others of equal size and times, the contents decide.
   */
  boolean differs(TreeFile lower, TreeFile upper) {
    FileStat a = lower.stat();
    FileStat b = upper.stat();
    if (isUntouched(a, b)) {
      return false;
    }
    if (attributesDiffer(lower, upper) || !lower.modified().equals(upper.modified())) {
      return true;
    }
    return switch (b.type()) {
      case FileStat.REGULAR -> a.size() != b.size() || !sameContents(lower, upper);
      case FileStat.SYMLINK -> !lower.linkTarget().equals(upper.linkTarget());
      case FileStat.CHARACTER_DEVICE, FileStat.BLOCK_DEVICE ->
          a.rdevMajor() != b.rdevMajor() || a.rdevMinor() != b.rdevMinor();
      default -> false;
    };
  }

  /** Whether type, mode, owner or extended attributes differ. */
  static boolean attributesDiffer(TreeFile lower, TreeFile upper) {
    return lower.stat().mode() != upper.stat().mode()
        || lower.stat().uid() != upper.stat().uid()
        || lower.stat().gid() != upper.stat().gid()
        || !sameXattrs(lower.xattrs(), upper.xattrs());
  }

  /**
   * Two mounts of one snapshot may show an inode under different device numbers; its change time,
   * which nobody can set, tells whether it is the one that it was.
   */
  private static boolean isUntouched(FileStat a, FileStat b) {
    return a.ino() == b.ino()
        && a.mode() == b.mode()
        && a.size() == b.size()
        && a.ctimeSeconds() == b.ctimeSeconds()
        && a.ctimeNanos() == b.ctimeNanos()
        && a.mtimeSeconds() == b.mtimeSeconds()
        && a.mtimeNanos() == b.mtimeNanos();
  }

  private static boolean sameXattrs(Map<String, byte[]> a, Map<String, byte[]> b) {
    return a.keySet().equals(b.keySet())
        && a.entrySet().stream().allMatch(e -> Arrays.equals(e.getValue(), b.get(e.getKey())));
  }

  private boolean sameContents(TreeFile lower, TreeFile upper) {
    try (Fd a = lower.open();
        Fd b = upper.open()) {
      while (true) {
        checkpoint.run();
        int length = FileIo.readFully(a, left.clear());
        FileIo.readFully(b, right.clear());
        if (!left.flip().equals(right.flip())) {
          return false;
        }
        if (length == 0) {
          return true;
        }
      }
    }
  }
}
