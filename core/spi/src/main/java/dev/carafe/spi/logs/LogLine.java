package dev.carafe.spi.logs;

import java.time.Instant;

/**
 * A line of output, or a piece of a long one.
 *
 * @param time when the monitor read it
 * @param stderr whether it comes from standard error, not standard output
 * @param partial whether the line goes on in the next piece of the same stream
 * @param text without a line's end; any bytes, not always UTF-8. Not to be changed
 */
public record LogLine(Instant time, boolean stderr, boolean partial, byte[] text) {}
