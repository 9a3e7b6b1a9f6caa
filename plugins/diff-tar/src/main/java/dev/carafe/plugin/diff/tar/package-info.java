/**
 * The tar differ: layer archives into directories and back.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.plugin.diff.tar.TarDifferFactory}: how the daemon finds it
 *   <li>{@link dev.carafe.plugin.diff.tar.LayerApplier}: the stages that an archive passes
 *   <li>{@link dev.carafe.plugin.diff.tar.Extractor}: what each entry does to the tree
 *   <li>{@link dev.carafe.plugin.diff.tar.LayerMaker}: a difference becomes an archive
 * </ul>
 */
@NullMarked
package dev.carafe.plugin.diff.tar;

import org.jspecify.annotations.NullMarked;
