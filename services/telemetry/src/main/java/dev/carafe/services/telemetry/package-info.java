/**
 * Metrics and traces of the daemon, where they are asked for.
 *
 * <p>Start at {@link dev.carafe.services.telemetry.Telemetry}.
 */
@NullMarked
package dev.carafe.services.telemetry;

import org.jspecify.annotations.NullMarked;
