/**
 * Images in tar archives: OCI layouts and what {@code docker save} writes.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.plugin.images.archive.ImageArchiveFactory}: the way in
 *   <li>{@code ArchiveReader}, {@code ArchiveWriter}: the two directions
 * </ul>
 */
@NullMarked
package dev.carafe.plugin.images.archive;

import org.jspecify.annotations.NullMarked;
