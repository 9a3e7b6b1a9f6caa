/**
 * The namespaced stores on the metadata database, and garbage collection.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.metadata.MetadataFactory}: the plugin; its only public class, with its
 *       configuration
 *   <li>{@code Schema}: what lies where in the database, drawn as a tree
 *   <li>{@code NamespacedContentStore}, {@code NamespacedSnapshotter}: the contracts of the back
 *       ends, with names, labels and leases added
 *   <li>{@code Collector}: mark, sweep, and what follows in the back ends
 * </ul>
 */
@NullMarked
package dev.carafe.metadata;

import org.jspecify.annotations.NullMarked;
