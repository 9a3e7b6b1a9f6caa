/**
 * Snapshots as whole copies of their parents: works on every file system, for everything that needs
 * nothing but directories. ({@code native} is a word of the language, hence the package's name.)
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.plugin.snapshotter.nativefs.NativeFactory}: the plugin; small enough to
 *       copy for one's own
 *   <li>{@link dev.carafe.plugin.snapshotter.nativefs.NativeFiles}: what a directory holds
 *   <li>{@link dev.carafe.plugin.snapshotter.nativefs.TreeCopier}: how directories are copied
 * </ul>
 */
@NullMarked
package dev.carafe.plugin.snapshotter.nativefs;

import org.jspecify.annotations.NullMarked;
