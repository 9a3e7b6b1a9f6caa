/**
 * Where containers' output goes besides the file that a kubelet reads.
 *
 * <p>Start at {@code TeeDriver}, the one that takes lines.
 */
@NullMarked
package dev.carafe.plugin.logs;

import org.jspecify.annotations.NullMarked;
