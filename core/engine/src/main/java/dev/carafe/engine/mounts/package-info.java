/**
 * Mounts that need more than a system call, made and kept by the daemon. Start at {@link
 * dev.carafe.engine.mounts.MountManager}.
 */
@NullMarked
package dev.carafe.engine.mounts;

import org.jspecify.annotations.NullMarked;
