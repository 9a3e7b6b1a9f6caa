package dev.carafe.plugin.diff.tar;

import dev.carafe.spi.errors.ResourceExhaustedException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Names that share an inode. If one of them is in the archive, all are: an archive cannot link to a
 * file that it does not have, and a copy would tear the group apart.
 */
final class LinkGroups {
  /** An inode. */
  record Inode(long device, long number) {
    static Inode of(TreeFile file) {
      return new Inode(file.device(), file.stat().ino());
    }
  }

  private final long limit;
  private final Map<Inode, byte[]> written = new HashMap<>();
  private final Map<Inode, List<byte[]>> unchanged = new HashMap<>();
  private long names;

  /**
   * @param limit names to remember
   */
  LinkGroups(long limit) {
    this.limit = limit;
  }

  /** The name under which the inode is in the archive; null if it is not. */
  byte @Nullable [] source(Inode inode) {
    return written.get(inode);
  }

  /**
   * The inode is in the archive from now on.
   *
   * @return the names before that did not change
   */
  List<byte[]> write(Inode inode, byte[] name) {
    count();
    written.put(inode, name);
    List<byte[]> before = unchanged.remove(inode);
    return before == null ? List.of() : before;
  }

  /** This name is not in the archive unless another one of its inode is. */
  void skip(Inode inode, byte[] name) {
    count();
    unchanged.computeIfAbsent(inode, _ -> new ArrayList<>(1)).add(name);
  }

  private void count() {
    if (++names > limit) {
      throw new ResourceExhaustedException("more than " + limit + " names of hard links");
    }
  }
}
