package dev.carafe.cri.streaming;

/**
 * The size of a client's terminal.
 *
 * @param width in columns, 0 to 65535
 * @param height in rows, 0 to 65535
 */
public record TerminalSize(int width, int height) {}
