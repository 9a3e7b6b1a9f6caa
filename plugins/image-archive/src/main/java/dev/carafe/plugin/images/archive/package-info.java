/**
 * Images in tar archives and in directories: OCI layouts and what {@code docker save} writes.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.plugin.images.archive.ImageArchiveFactory}: the way in
 *   <li>{@code ArchiveReader}, {@code ArchiveWriter}: the two directions of a stream
 *   <li>{@code ImageFiles}: the same files as sources of a pull
 * </ul>
 */
@NullMarked
package dev.carafe.plugin.images.archive;

import org.jspecify.annotations.NullMarked;
