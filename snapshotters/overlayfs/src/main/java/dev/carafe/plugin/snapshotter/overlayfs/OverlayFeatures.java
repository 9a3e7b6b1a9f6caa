package dev.carafe.plugin.snapshotter.overlayfs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What mounts must take into account.
 *
 * @param indexKnown whether the kernel knows the option {@code index}: it is then turned off,
 *     because with it a directory cannot be in two mounts at a time
 * @param userNamespace whether this is not the first user namespace: overlay marks are then {@code
 *     user.} extended attributes ({@code userxattr}, Linux 5.11)
 * @param mapsIds whether lower layers can be shown with other ids (Linux 5.19, and the file system
 *     has to take part)
 */
record OverlayFeatures(boolean indexKnown, boolean userNamespace, boolean mapsIds) {
  private static final Path INDEX = Path.of("/sys/module/overlay/parameters/index");
  private static final Path UID_MAP = Path.of("/proc/self/uid_map");

  /** What can be seen; {@link OverlayProbe} finds the rest by trying. */
  static OverlayFeatures ofThisMachine() {
    try {
      return new OverlayFeatures(
          Files.exists(INDEX), Files.exists(UID_MAP) && !mapsAll(Files.readString(UID_MAP)), false);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  OverlayFeatures withMappedIds() {
    return new OverlayFeatures(indexKnown, userNamespace, true);
  }

  /** Whether every id means itself, as in the first user namespace (user_namespaces(7)). */
  static boolean mapsAll(String uidMap) {
    return uidMap.strip().replaceAll("\\s+", " ").equals("0 0 4294967295");
  }
}
