package dev.carafe.plugin.images.archive;

import dev.carafe.spi.errors.InvalidArgumentException;

/**
 * Bounds of what is read.
 *
 * @param maxEntries headers in one archive; 1 or more
 * @param maxBytes of one archive, unpacked; 1 or more
 * @param maxRatio unpacked bytes per packed byte, looked at beyond {@code ratioFloorBytes}; 1 or
 *     more
 * @param ratioFloorBytes unpacked bytes that are fine at any ratio
 */
public record ImageArchiveConfig(
    int maxEntries, long maxBytes, long maxRatio, long ratioFloorBytes) {
  public static final ImageArchiveConfig DEFAULT =
      new ImageArchiveConfig(100_000, 1L << 40, 1000, 1L << 30);

  public ImageArchiveConfig {
    if (maxEntries < 1 || maxBytes < 1 || maxRatio < 1 || ratioFloorBytes < 0) {
      throw new InvalidArgumentException(
          "max_entries, max_bytes and max_ratio must be at least 1, ratio_floor_bytes at least 0");
    }
  }
}
