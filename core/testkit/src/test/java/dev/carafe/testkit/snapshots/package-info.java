/** Tests of the snapshotter suite, on right and wrong implementations. */
@NullMarked
package dev.carafe.testkit.snapshots;

import org.jspecify.annotations.NullMarked;
