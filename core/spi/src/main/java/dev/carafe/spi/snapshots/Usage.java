package dev.carafe.spi.snapshots;

/**
 * What a snapshot itself takes, without its parents.
 *
 * @param bytes allocated bytes
 * @param inodes files, directories and the rest; hard links counted once
 */
public record Usage(long bytes, long inodes) {}
