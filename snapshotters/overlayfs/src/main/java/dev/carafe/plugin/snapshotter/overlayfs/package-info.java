/**
 * Snapshots as directories that overlayfs lays on top of each other.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.plugin.snapshotter.overlayfs.OverlayfsFactory}: the plugin
 *   <li>{@link dev.carafe.plugin.snapshotter.overlayfs.OverlayFiles}: what a directory holds, and
 *       the mounts
 *   <li>{@link dev.carafe.plugin.snapshotter.overlayfs.OverlayProbe}: what the machine can do
 * </ul>
 */
@NullMarked
package dev.carafe.plugin.snapshotter.overlayfs;

import org.jspecify.annotations.NullMarked;
