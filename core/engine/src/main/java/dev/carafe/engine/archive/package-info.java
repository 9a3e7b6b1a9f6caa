/**
 * Images from archives and into archives.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.engine.archive.ImageImporter}, {@link
 *       dev.carafe.engine.archive.ImageExporter}: the flows
 *   <li>{@link dev.carafe.engine.archive.ImageNames}: what imported images are called
 * </ul>
 */
@NullMarked
package dev.carafe.engine.archive;

import org.jspecify.annotations.NullMarked;
