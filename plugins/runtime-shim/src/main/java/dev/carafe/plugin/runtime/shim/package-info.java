/**
 * Runs tasks through containerd's shims: one process per task or group of tasks, spoken to over a
 * Unix socket, that outlives the daemon.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.plugin.runtime.shim.ShimRuntimeFactory}: makes the plugin {@code shim}
 *   <li>{@code ShimRuntime}: the contract's calls
 *   <li>{@code ShimTask}: a task and the connection to its shim
 * </ul>
 */
@NullMarked
package dev.carafe.plugin.runtime.shim;

import org.jspecify.annotations.NullMarked;
