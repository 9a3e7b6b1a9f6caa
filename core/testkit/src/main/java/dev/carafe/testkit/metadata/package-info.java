/**
 * Checks of metadata databases.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.testkit.metadata.MetadataDatabaseConformance}: subclass it
 *   <li>{@link dev.carafe.testkit.metadata.MemoryMetadataDatabase}: the smallest implementation
 *       that passes; use it in tests of code that needs a database
 * </ul>
 */
@NullMarked
package dev.carafe.testkit.metadata;

import org.jspecify.annotations.NullMarked;
