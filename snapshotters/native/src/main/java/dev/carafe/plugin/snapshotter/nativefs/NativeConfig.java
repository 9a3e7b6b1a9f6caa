package dev.carafe.plugin.snapshotter.nativefs;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.Description;

/** The table {@code [plugins."io.containerd.snapshotter.v1.native"]}, with containerd's key. */
public record NativeConfig(
    @Description(
            "Where snapshots are kept; empty for the plugin's own directory below the daemon's root.")
        String rootPath) {
  /** What the file says nothing about. */
  public static final NativeConfig DEFAULT = new NativeConfig("");

  public NativeConfig {
    if (!rootPath.isEmpty() && !rootPath.startsWith("/")) {
      throw new InvalidArgumentException("root_path: \"" + rootPath + "\" is not absolute");
    }
  }
}
