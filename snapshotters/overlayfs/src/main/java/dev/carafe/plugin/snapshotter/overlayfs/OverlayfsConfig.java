package dev.carafe.plugin.snapshotter.overlayfs;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.Description;
import java.util.List;
import java.util.Set;

/** The table {@code [plugins."io.containerd.snapshotter.v1.overlayfs"]}, with containerd's keys. */
public record OverlayfsConfig(
    @Description(
            "Where snapshots are kept; empty for the plugin's own directory below the daemon's root.")
        String rootPath,
    @Description(
            "Show each snapshot's upper directory as the label containerd.io/snapshot/overlay.upperdir.")
        boolean upperdirLabel,
    @Description("Delete files while a snapshot is removed, and not in the clean-up after it.")
        boolean syncRemove,
    @Description(
            "More options for each writable overlay mount. With \"volatile\" writes are faster, each snapshot can be mounted once, and a crash of the machine may lose what was written.")
        List<String> mountOptions) {
  /** What the file says nothing about. */
  public static final OverlayfsConfig DEFAULT = new OverlayfsConfig("", false, false, List.of());

  private static final Set<String> OWN =
      Set.of("lowerdir", "lowerdir+", "datadir+", "upperdir", "workdir", "ro", "rw");

  public OverlayfsConfig {
    mountOptions = List.copyOf(mountOptions);
    for (String option : mountOptions) {
      String name = option.split("=", 2)[0];
      if (OWN.contains(name) || name.isEmpty() || option.indexOf(',') >= 0) {
        throw new InvalidArgumentException(
            "mount_options: \"" + option + "\" is not an option that can be added");
      }
    }
    if (!rootPath.isEmpty() && !rootPath.startsWith("/")) {
      throw new InvalidArgumentException("root_path: \"" + rootPath + "\" is not absolute");
    }
  }
}
