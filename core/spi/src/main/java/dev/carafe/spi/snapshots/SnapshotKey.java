package dev.carafe.spi.snapshots;

import dev.carafe.spi.errors.InvalidArgumentException;

/**
 * The name of a snapshot: free text, 1 to 4096 characters. Committed and active snapshots share one
 * key space.
 */
public record SnapshotKey(String value) implements Comparable<SnapshotKey> {
  public SnapshotKey {
    if (value.isEmpty() || value.length() > 4096) {
      throw new InvalidArgumentException(
          "snapshot key has " + value.length() + " characters, not 1 to 4096");
    }
  }

  @Override
  public int compareTo(SnapshotKey other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
