/**
 * How a plugin presents itself to the daemon and what it gets from it.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.spi.plugins.CarafePlugin}: marks what the daemon is to find in a jar
 *   <li>{@link dev.carafe.spi.plugins.PluginFactory}: makes a plugin
 *   <li>{@link dev.carafe.spi.plugins.ProxyFactory}: makes plugins that other processes serve
 *   <li>{@link dev.carafe.spi.plugins.PluginTypes}: the kinds of plugin that the daemon knows
 *   <li>{@link dev.carafe.spi.plugins.Deadline}: how long the daemon waits for a call
 * </ul>
 */
@NullMarked
package dev.carafe.spi.plugins;

import org.jspecify.annotations.NullMarked;
