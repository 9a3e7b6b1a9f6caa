package dev.carafe.plugin.diff.tar;

import dev.carafe.linux.Fd;
import dev.carafe.linux.FileCalls;
import dev.carafe.linux.FileStat;
import dev.carafe.linux.RawPath;

/** An open directory of the tree. */
final class Directory {
  private static final long UNKNOWN = -1;

  private final Fd fd;
  private final RawPath path;
  private final int depth;
  private final long hash;
  private long newFilesUid = UNKNOWN;
  private long newFilesGid = UNKNOWN;

  /**
   * @param fd readable; owned by {@link Directories}
   * @param path where it really is below the root: no symbolic link on the way, empty for the root
   * @param depth components of the path
   * @param hash its key in the {@link LayerIndex}
   */
  Directory(Fd fd, RawPath path, int depth, long hash) {
    this.fd = fd;
    this.path = path;
    this.depth = depth;
    this.hash = hash;
  }

  Fd fd() {
    return fd;
  }

  RawPath path() {
    return path;
  }

  int depth() {
    return depth;
  }

  long hash() {
    return hash;
  }

  boolean isRoot() {
    return path.isEmpty();
  }

  /**
   * Whether a file that was just created here belongs to these already. That depends on
   * set-group-id bits, mount options and id mappings, so the first file of a directory is asked.
   */
  boolean givesOwner(Fd newFile, long uid, long gid) {
    if (newFilesUid == UNKNOWN) {
      FileStat stat = FileCalls.fstat(newFile);
      newFilesUid = stat.uid();
      newFilesGid = stat.gid();
    }
    return newFilesUid == uid && newFilesGid == gid;
  }

  /** After its own attributes changed. */
  void forgetOwner() {
    newFilesUid = UNKNOWN;
  }
}
