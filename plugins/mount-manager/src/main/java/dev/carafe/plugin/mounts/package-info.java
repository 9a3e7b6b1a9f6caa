/**
 * Mounts that need more than a system call.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.plugin.mounts.KernelMountManager}: makes and unmakes them
 *   <li>{@link dev.carafe.plugin.mounts.Plan}: which of them are made, and what is left
 * </ul>
 */
@NullMarked
package dev.carafe.plugin.mounts;

import org.jspecify.annotations.NullMarked;
