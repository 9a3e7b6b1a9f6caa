package dev.carafe.spi.diffs;

/** How a layer's deletions reach the directory that is being filled. */
public enum Whiteouts {
  /** The parent's files are visible in the mount: delete them. */
  DELETE,
  /**
   * No parent is visible: leave overlayfs's marks (character device 0:0, {@code
   * trusted.overlay.opaque=y}).
   */
  OVERLAY
}
