/**
 * The Node Resource Interface 0.12: programs that watch pods and containers and adjust containers.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.plugin.nri.NriFactory}: makes the plugin
 *   <li>{@code Nri}: what happens to whom in which order
 *   <li>{@code Peer}: one NRI plugin and the connection to it
 *   <li>{@code Creation}, {@code Ownership}: what several plugins want of one container
 * </ul>
 */
@NullMarked
package dev.carafe.plugin.nri;

import org.jspecify.annotations.NullMarked;
