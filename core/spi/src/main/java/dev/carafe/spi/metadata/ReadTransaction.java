package dev.carafe.spi.metadata;

import org.jspecify.annotations.Nullable;

/** One revision of the tree. Usable by several threads until its function returns. */
public interface ReadTransaction {

  /** The bucket that holds all others. */
  Bucket root();

  /** The revision that is seen; 0 in a new database. Inside an update, the last one before it. */
  long revision();

  /** The bucket at {@code path} below the root, or null when any part of the path is not there. */
  default @Nullable Bucket bucket(String... path) {
    Bucket bucket = root();
    for (String name : path) {
      bucket = bucket.bucket(name);
      if (bucket == null) {
        return null;
      }
    }
    return bucket;
  }
}
