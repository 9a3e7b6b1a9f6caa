/**
 * Checks of plugins against their contracts.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.testkit.snapshots.SnapshotterConformance}: subclass it to check a
 *       snapshotter
 *   <li>{@link dev.carafe.testkit.content.ContentStoreConformance}: the same for a content store
 * </ul>
 */
@NullMarked
package dev.carafe.testkit;

import org.jspecify.annotations.NullMarked;
