package dev.carafe.plugin.resources.cgroup;

import dev.carafe.plugin.resources.cgroup.CgroupManager.Naming;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Paths as the kernel knows them: {@code /PARENT/NAME}. */
record CgroupPaths() implements Naming {
  @Override
  public boolean systemd() {
    return false;
  }

  /** A slice is where systemd has it, which a kubelet that names slices made it by. */
  @Override
  public String path(String parent, String otherwise, String name) {
    String said = parent.isEmpty() ? otherwise : parent;
    String above = Slices.isSlice(said) ? Slices.expand(said) : plain(said);
    if (above.isEmpty()) {
      throw new InvalidArgumentException(
          "cgroup parent \"" + Slices.printable(said) + "\": neither a path nor a slice");
    }
    return above + (above.endsWith("/") ? "" : "/") + name;
  }

  /** OCI runtimes take {@code ..} out first, and never leave the top. */
  @Override
  public String group(String path) {
    try {
      return path.startsWith("/") ? belowTop(Path.of(path).normalize().toString()) : "";
    } catch (InvalidPathException _) {
      return "";
    }
  }

  /**
   * The path from the top, with one slash before each component; empty for one that has {@code ..}
   * in it, or what no path has.
   */
  static String plain(String path) {
    try {
      Path absolute = Path.of("/" + path);
      return absolute.equals(absolute.normalize())
              && path.chars().noneMatch(Character::isISOControl)
          ? absolute.toString()
          : "";
    } catch (InvalidPathException _) {
      return "";
    }
  }

  /** As {@link #plain}; empty also for the top, and for what does not begin there. */
  static String belowTop(String path) {
    String plain = path.startsWith("/") ? plain(path) : "";
    return plain.equals("/") ? "" : plain;
  }
}
