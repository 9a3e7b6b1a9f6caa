/**
 * Checks of snapshotters.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.testkit.snapshots.SnapshotterConformance}: subclass it
 *   <li>{@link dev.carafe.testkit.snapshots.MemorySnapshotter}: the smallest implementation that
 *       passes; use it in tests of code that needs a snapshotter
 * </ul>
 */
@NullMarked
package dev.carafe.testkit.snapshots;

import org.jspecify.annotations.NullMarked;
