/**
 * The namespaced stores as the flows and services see them: ports that {@code metadata/store}
 * implements.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.engine.stores.Metadata}: from a namespace (and lease) to its {@link
 *       dev.carafe.engine.stores.Stores}
 *   <li>{@link dev.carafe.engine.stores.LeaseManager}: what holds objects while they have no name
 *   <li>{@link dev.carafe.engine.stores.GarbageCollector}: what happens to the rest
 * </ul>
 */
@NullMarked
package dev.carafe.engine.stores;

import org.jspecify.annotations.NullMarked;
