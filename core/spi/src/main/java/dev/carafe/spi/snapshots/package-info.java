/**
 * Layered file system snapshots: the contract of a snapshotter plugin.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.spi.snapshots.Snapshotter}: the contract and its vocabulary
 *   <li>{@link dev.carafe.spi.snapshots.Snapshot}: the three kinds
 * </ul>
 *
 * Check an implementation with {@code SnapshotterConformance} in the test kit.
 */
@NullMarked
package dev.carafe.spi.snapshots;

import org.jspecify.annotations.NullMarked;
