/**
 * Blobs and unfinished blobs as files in a directory.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.plugin.content.local.LocalFactory}: the plugin
 *   <li>{@link dev.carafe.plugin.content.local.LocalContentStore}: the store
 *   <li>{@link dev.carafe.plugin.content.local.ContentLayout}: what is where on disk
 * </ul>
 */
@NullMarked
package dev.carafe.plugin.content.local;

import org.jspecify.annotations.NullMarked;
