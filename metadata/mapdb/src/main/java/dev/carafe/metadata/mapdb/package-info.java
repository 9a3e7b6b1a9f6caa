/**
 * The metadata database: a journal in front of sorted tables, buckets and transactions on top.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.metadata.mapdb.MapdbFactory}: the plugin
 *   <li>{@code MapdbDatabase}: what happens in an update; {@code Layout}: what lies on disk
 *   <li>{@link dev.carafe.metadata.mapdb.DatabaseTool}: check and repair
 * </ul>
 *
 * Why it is built this way: {@code docs/adr/0002-metadata-database.md}.
 */
@NullMarked
package dev.carafe.metadata.mapdb;

import org.jspecify.annotations.NullMarked;
