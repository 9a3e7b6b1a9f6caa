/**
 * {@code carafed}: the composition root.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.daemon.Main}: the command line
 *   <li>{@code Daemon}: what is started, and stopped in reverse
 * </ul>
 */
@NullMarked
package dev.carafe.daemon;

import org.jspecify.annotations.NullMarked;
