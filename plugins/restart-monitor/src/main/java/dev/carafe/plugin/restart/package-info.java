/**
 * Restarts containers that ended, by containerd's labels (containerd core/runtime/restart).
 *
 * <p>Start at {@link dev.carafe.plugin.restart.RestartMonitorFactory}; {@code RestartPolicy} is the
 * decision, without threads or clocks.
 */
@NullMarked
package dev.carafe.plugin.restart;

import org.jspecify.annotations.NullMarked;
