/**
 * Decides when garbage is collected: soon after something was let go, and never for more than a
 * small part of the time.
 *
 * <p>Start at {@link dev.carafe.plugin.gc.scheduler.GcSchedulerFactory}; {@code Pace} holds the
 * rules, without threads or clocks.
 */
@NullMarked
package dev.carafe.plugin.gc.scheduler;

import org.jspecify.annotations.NullMarked;
