/**
 * The metadata database: a tree of ordered buckets with durable transactions.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.spi.metadata.MetadataDatabase}: transactions and their promises
 *   <li>{@link dev.carafe.spi.metadata.Bucket}, {@link dev.carafe.spi.metadata.WritableBucket}: the
 *       tree
 * </ul>
 *
 * Check an implementation with {@code MetadataDatabaseConformance} in the test kit.
 */
@NullMarked
package dev.carafe.spi.metadata;

import org.jspecify.annotations.NullMarked;
