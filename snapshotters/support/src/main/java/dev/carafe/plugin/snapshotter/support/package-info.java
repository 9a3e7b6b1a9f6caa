/**
 * What snapshotters share that keep each snapshot in a directory: keys, parents, kinds and labels,
 * durable without a database, and the directories' life from creation to clean-up.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.plugin.snapshotter.support.DirectorySnapshotter}: a whole snapshotter,
 *       but for what a snapshot's directory holds
 *   <li>{@link dev.carafe.plugin.snapshotter.support.SnapshotFiles}: that part, which a plugin
 *       brings
 *   <li>{@link dev.carafe.plugin.snapshotter.support.SnapshotLayout}: what is where on disk
 * </ul>
 */
@NullMarked
package dev.carafe.plugin.snapshotter.support;

import org.jspecify.annotations.NullMarked;
