/** Tests of the native snapshotter. Some need root. */
@NullMarked
package dev.carafe.plugin.snapshotter.nativefs;

import org.jspecify.annotations.NullMarked;
