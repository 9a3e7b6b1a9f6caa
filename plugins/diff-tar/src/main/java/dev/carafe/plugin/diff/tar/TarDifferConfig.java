package dev.carafe.plugin.diff.tar;

/**
 * What one layer may cost, and how layers are made.
 *
 * @param maxEntries headers in one archive, extension headers and directories created for entries
 *     without one included
 * @param maxHeaderBytes one pax or GNU long-name header; path names end at Linux's own limits (4095
 *     bytes, 255 per component)
 * @param maxDepth components of a path, symbolic links resolved
 * @param maxSparseSegments pieces of one sparse file
 * @param maxLayerBytes uncompressed bytes of one archive, and apparent bytes of its files
 * @param maxRatio uncompressed bytes per compressed byte, looked at beyond {@code ratioFloorBytes};
 *     gzip cannot exceed 1032
 * @param ratioFloorBytes uncompressed bytes that are fine at any ratio
 * @param maxDirectoryBytes memory for the times of directories, which are set at the end; about 30
 *     bytes each
 * @param bufferBytes one buffer between the stages; a multiple of 512
 * @param buffers how many of them one layer may fill
 * @param gzipLevel 1 to 9, for layers that are made
 * @param zstdLevel 1 to 22, for layers that are made
 */
public record TarDifferConfig(
    long maxEntries,
    int maxHeaderBytes,
    int maxDepth,
    int maxSparseSegments,
    long maxLayerBytes,
    long maxRatio,
    long ratioFloorBytes,
    int maxDirectoryBytes,
    int bufferBytes,
    int buffers,
    int gzipLevel,
    int zstdLevel) {

  public static final TarDifferConfig DEFAULT =
      new TarDifferConfig(
          10_000_000,
          1 << 20,
          1024,
          1 << 20,
          1L << 40,
          2000,
          1L << 30,
          32 << 20,
          256 << 10,
          16,
          6,
          3);

  public TarDifferConfig {
    inRange("maxEntries", maxEntries, 1, Long.MAX_VALUE);
    inRange("maxHeaderBytes", maxHeaderBytes, 4096, 64 << 20);
    inRange("maxDepth", maxDepth, 1, 2048);
    inRange("maxSparseSegments", maxSparseSegments, 1, 16 << 20);
    inRange("maxLayerBytes", maxLayerBytes, 1, 1L << 60);
    inRange("maxRatio", maxRatio, 1, Integer.MAX_VALUE);
    inRange("ratioFloorBytes", ratioFloorBytes, 0, Long.MAX_VALUE);
    inRange("maxDirectoryBytes", maxDirectoryBytes, 4096, 1 << 30);
    inRange("bufferBytes", bufferBytes, 512, 64 << 20);
    if (bufferBytes % 512 != 0) {
      throw new IllegalArgumentException("bufferBytes: " + bufferBytes + " is no multiple of 512");
    }
    inRange("buffers", buffers, 2, 1024);
    inRange("gzipLevel", gzipLevel, 1, 9);
    inRange("zstdLevel", zstdLevel, 1, 22);
  }

  private static void inRange(String key, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          key + ": " + value + " is not in " + least + " to " + most);
    }
  }
}
