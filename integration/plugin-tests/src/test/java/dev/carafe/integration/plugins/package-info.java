/**
 * Plugin jars as third parties would build them, loaded by the real host.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@code JarLoadingTest}: what makes a jar loadable, and what its classes see
 *   <li>{@code PluginGraphTest}: requirements, duplicates, failures at start
 *   <li>{@code StuckPluginTest}: plugins that hang or spin
 *   <li>{@code PluginJar}: compiles sources and packs them
 * </ul>
 */
@NullMarked
package dev.carafe.integration.plugins;

import org.jspecify.annotations.NullMarked;
