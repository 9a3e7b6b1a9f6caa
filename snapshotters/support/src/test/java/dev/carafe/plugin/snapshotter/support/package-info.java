/** Tests of what snapshotters share: the log, crashes, and the suite over plain copies. */
@NullMarked
package dev.carafe.plugin.snapshotter.support;

import org.jspecify.annotations.NullMarked;
