package dev.carafe.plugin.diff.tar;

import dev.carafe.spi.mounts.Mount;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The same files by mounts that change nothing: an overlay's upper directory becomes its topmost
 * lower one. A container may be running on it, and overlayfs allows an upper directory one mount.
 */
final class ReadOnlyMounts {
  private static final String UPPER = "upperdir=";
  private static final String LOWER = "lowerdir=";
  private static final String ADDED_LOWER = "lowerdir+=";
  private static final List<String> ONLY_WRITABLE =
      List.of("volatile", "fsync=volatile", "index=on", "nfs_export=on", "rw");

  private ReadOnlyMounts() {}

  static List<Mount> of(List<Mount> mounts) {
    return mounts.stream().map(ReadOnlyMounts::of).toList();
  }

  private static Mount of(Mount mount) {
    Optional<String> upper = upperDirectory(mount);
    if (!mount.type().equals("overlay") || upper.isEmpty()) {
      return mount;
    }
    List<String> options = new ArrayList<>();
    boolean placed = false;
    for (String option : mount.options()) {
      if (option.startsWith(UPPER)
          || option.startsWith("workdir=")
          || ONLY_WRITABLE.contains(option)) {
        continue;
      }
      if (!placed && option.startsWith(LOWER)) {
        String layers = option.substring(LOWER.length());
        options.add(LOWER + upper.get().replace(":", "\\:") + ":" + layers);
        placed = true;
      } else if (!placed && option.startsWith(ADDED_LOWER)) {
        options.add(ADDED_LOWER + upper.get());
        options.add(option);
        placed = true;
      } else {
        options.add(option);
      }
    }
    return placed ? new Mount(mount.type(), mount.source(), mount.target(), options) : mount;
  }

  /** The upper directory of an overlay. */
  static Optional<String> upperDirectory(Mount mount) {
    return mount.options().stream()
        .filter(option -> option.startsWith(UPPER))
        .map(option -> option.substring(UPPER.length()))
        .findFirst();
  }
}
