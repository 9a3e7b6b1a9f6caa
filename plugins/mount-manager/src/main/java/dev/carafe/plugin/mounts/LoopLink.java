package dev.carafe.plugin.mounts;

import dev.carafe.linux.LoopDevice;
import dev.carafe.spi.mounts.Mount;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/**
 * The loop device of an activation, by a symbolic link where another mount has its mount point. The
 * link is there before the file is attached, and the device carries the link's own name: so a
 * device that a killed daemon left is found, and one that is somebody else's by now is let alone.
 */
final class LoopLink {
  private LoopLink() {}

  /** Attaches the source of a {@code loop} mount. */
  static void attach(Mount mount, Path link) {
    boolean readOnly = mount.options().contains("ro");
    LoopDevice.lasting(Path.of(mount.source()), readOnly, tag(link), device -> point(link, device))
        .close();
  }

  private static void point(Path link, Path device) {
    try {
      Files.deleteIfExists(link);
      Files.createSymbolicLink(link, device);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static boolean isLink(Path path) {
    return Files.isSymbolicLink(path);
  }

  /** Whether the device is attached; a reboot ends it, and leaves the link. */
  static boolean isAttached(Path link) throws IOException {
    return Files.exists(link, LinkOption.NOFOLLOW_LINKS)
        && LoopDevice.isAttached(Files.readSymbolicLink(link), tag(link));
  }

  static void detach(Path link) throws IOException {
    LoopDevice.detach(Files.readSymbolicLink(link), tag(link));
    Files.deleteIfExists(link);
  }

  /** Activation's directory, which is never used twice, and place in it. */
  private static String tag(Path link) {
    Path directory = link.getParent();
    return (directory == null ? "" : directory.getFileName() + "/") + link.getFileName();
  }
}
