package dev.carafe.plugin.diff.tar;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import java.util.Arrays;

/**
 * Where the pieces of a sparse file's body belong: ascending, not overlapping, inside the file.
 * Everything else is a hole.
 */
final class SparseMap {
  private final long[] offsets;
  private final long[] lengths;
  private final int count;
  private final long fileBytes;
  private final long dataBytes;

  private SparseMap(long[] offsets, long[] lengths, int count, long fileBytes, long dataBytes) {
    this.offsets = offsets;
    this.lengths = lengths;
    this.count = count;
    this.fileBytes = fileBytes;
    this.dataBytes = dataBytes;
  }

  int count() {
    return count;
  }

  long offset(int index) {
    return offsets[index];
  }

  long length(int index) {
    return lengths[index];
  }

  /** The file's size, holes included. */
  long fileBytes() {
    return fileBytes;
  }

  /** The sum of all lengths. */
  long dataBytes() {
    return dataBytes;
  }

  /** Collects pieces in the order of the archive and checks each. */
  static final class Builder {
    private final int limit;
    private long[] offsets = new long[16];
    private long[] lengths = new long[16];
    private int count;
    private long end;
    private long dataBytes;

    Builder(int limit) {
      this.limit = limit;
    }

    void add(long offset, long length) {
      if (offset < end || length < 0 || offset > Long.MAX_VALUE - length) {
        throw new InvalidArgumentException(
            "sparse map: piece " + offset + "+" + length + " overlaps or is out of order");
      }
      if (count == limit) {
        throw new ResourceExhaustedException("sparse map: more than " + limit + " pieces");
      }
      if (count == offsets.length) {
        offsets = Arrays.copyOf(offsets, count * 2);
        lengths = Arrays.copyOf(lengths, count * 2);
      }
      offsets[count] = offset;
      lengths[count++] = length;
      end = offset + length;
      dataBytes += length;
    }

    SparseMap build(long fileBytes) {
      if (fileBytes < 0 || end > fileBytes) {
        throw new InvalidArgumentException(
            "sparse map: ends at " + end + " in a file of " + fileBytes + " bytes");
      }
      return new SparseMap(offsets, lengths, count, fileBytes, dataBytes);
    }
  }
}
