package dev.carafe.plugin.diff.tar;

import dev.carafe.linux.Fd;
import dev.carafe.linux.RawPath;

/**
 * An open directory of the tree.
 *
 * @param fd readable; owned by {@link Directories}
 * @param path where it really is below the root: no symbolic link on the way, empty for the root
 * @param depth components of the path
 * @param hash its key in the {@link LayerIndex}
 */
record Directory(Fd fd, RawPath path, int depth, long hash) {
  boolean isRoot() {
    return path.isEmpty();
  }
}
