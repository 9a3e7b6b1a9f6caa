package dev.carafe.plugin.resources.cgroup;

import dev.carafe.plugin.resources.cgroup.CgroupManager.Naming;
import dev.carafe.spi.errors.InvalidArgumentException;

/**
 * Paths as OCI runtimes hand them to systemd: {@code SLICE:PREFIX:NAME}, which becomes the scope
 * {@code PREFIX-NAME.scope} in the slice.
 */
record SystemdPaths() implements Naming {
  private static final String DEFAULT_SLICE = "system.slice";

  /** What agents on a node look for. */
  private static final String PREFIX = "cri-containerd";

  @Override
  public boolean systemd() {
    return true;
  }

  /** Of {@code /a.slice/a-b.slice} it is the last that counts; the others are in its name. */
  @Override
  public String path(String parent, String otherwise, String name) {
    return slice(parent) + ":" + PREFIX + ":" + name;
  }

  private static String slice(String parent) {
    if (parent.isEmpty()) {
      return DEFAULT_SLICE;
    }
    String last = parent.substring(parent.lastIndexOf('/') + 1);
    if (Slices.isSlice(last)) {
      return last;
    }
    String path = CgroupPaths.plain(parent);
    if (!path.isEmpty() && !last.endsWith(Slices.SUFFIX)) {
      return Slices.ofPath(path);
    }
    throw new InvalidArgumentException(
        "cgroup parent \"" + Slices.printable(parent) + "\": neither a path nor a slice");
  }

  @Override
  public String group(String path) {
    String[] parts = path.split(":", -1);
    if (parts.length != 3 || parts[2].isEmpty()) {
      return "";
    }
    String slice = parts[0].isEmpty() ? DEFAULT_SLICE : parts[0];
    String unit = (parts[1].isEmpty() ? "" : parts[1] + "-") + parts[2] + ".scope";
    if (!Slices.isSlice(slice) || unit.indexOf('/') >= 0) {
      return "";
    }
    String above = Slices.expand(slice);
    return above + (above.endsWith("/") ? "" : "/") + unit;
  }
}
