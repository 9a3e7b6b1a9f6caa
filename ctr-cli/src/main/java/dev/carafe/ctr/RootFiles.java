package dev.carafe.ctr;

import dev.carafe.api.types.Mount;
import dev.carafe.linux.DetachedMount;
import dev.carafe.linux.Fd;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RootFile;
import dev.carafe.oci.ContainerUser;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;

/**
 * A container's user files. They are hostile: only regular files of at most 10 MiB are read
 * (CVE-2026-47262), line by line, and the kernel resolves their names inside the container's root,
 * so that no link leads out of it.
 */
final class RootFiles implements ContainerUser.Files {
  static final int LIMIT = 10 << 20;

  private final Supplier<Fd> root;

  private RootFiles(Supplier<Fd> root) {
    this.root = root;
  }

  /** The files of a snapshot that nothing runs in, mounted where nobody else sees it. */
  static RootFiles ofSnapshot(List<Mount> mounts) {
    return new RootFiles(
        () -> DetachedMount.openLower(mounts.stream().map(RootFiles::mount).toList()));
  }

  /** The files below a directory, for example a process's {@code /proc/PID/root}. */
  static RootFiles ofDirectory(Path directory) {
    return new RootFiles(() -> PathCalls.open(directory, OpenFlags.PATH, 0));
  }

  private static dev.carafe.spi.mounts.Mount mount(Mount mount) {
    return new dev.carafe.spi.mounts.Mount(
        mount.getType(), mount.getSource(), mount.getTarget(), mount.getOptionsList());
  }

  @Override
  public Iterable<String> passwd() {
    return lines("passwd");
  }

  @Override
  public Iterable<String> group() {
    return lines("group");
  }

  private Iterable<String> lines(String name) {
    String text = new String(read(name), StandardCharsets.ISO_8859_1);
    return () -> text.lines().iterator();
  }

  private byte[] read(String name) {
    try (Fd directory = root.get()) {
      return RootFile.read(directory, "etc/" + name, LIMIT);
    }
  }
}
