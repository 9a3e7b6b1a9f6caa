/**
 * Content-addressed blobs: the contract of a content store plugin.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.spi.content.ContentStore}: the four small interfaces together; ask for
 *       the narrowest
 *   <li>{@link dev.carafe.spi.content.Digest}, {@link dev.carafe.spi.content.Descriptor}: what
 *       blobs are called
 * </ul>
 *
 * Check an implementation with {@code ContentStoreConformance} in the test kit.
 */
@NullMarked
package dev.carafe.spi.content;

import org.jspecify.annotations.NullMarked;
