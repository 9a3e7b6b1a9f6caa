/**
 * The plugin host: finds plugin factories, sorts them into a graph, creates what they make, and
 * guards every call.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.host.PluginHost}: start, look up, close
 *   <li>{@link dev.carafe.host.PluginGraph}: what introspection shows
 *   <li>{@code GuardedPlugin}: deadlines and bulkheads around a plugin's calls
 * </ul>
 *
 * The only package that runs PF4J. Why things are as they are: {@code
 * docs/adr/0001-plugin-host.md}.
 */
@NullMarked
package dev.carafe.host;

import org.jspecify.annotations.NullMarked;
