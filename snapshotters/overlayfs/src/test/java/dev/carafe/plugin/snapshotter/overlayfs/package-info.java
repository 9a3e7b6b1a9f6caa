/** Tests of the overlayfs snapshotter. Most need root. */
@NullMarked
package dev.carafe.plugin.snapshotter.overlayfs;

import org.jspecify.annotations.NullMarked;
