/**
 * Running containers: the contract of a task runtime plugin. A library interface: no caller assumes
 * processes or name spaces.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.spi.runtimes.TaskRuntime}: the contract
 *   <li>{@link dev.carafe.spi.runtimes.RuntimeState}: what the daemon keeps for a runtime
 * </ul>
 */
@NullMarked
package dev.carafe.spi.runtimes;

import org.jspecify.annotations.NullMarked;
