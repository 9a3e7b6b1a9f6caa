/**
 * The debug page, where it is asked for: a small web page on loopback or a Unix socket that shows
 * what the daemon is at and changes nothing.
 *
 * <p>Start at {@link dev.carafe.services.debug.DebugPage}.
 */
@NullMarked
package dev.carafe.services.debug;

import org.jspecify.annotations.NullMarked;
