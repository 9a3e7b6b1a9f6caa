package dev.carafe.spi.metadata;

import org.jspecify.annotations.Nullable;

/** The tree as this transaction has changed it so far. For the thread of the update only. */
public interface WriteTransaction extends ReadTransaction {

  @Override
  WritableBucket root();

  @Override
  default @Nullable WritableBucket bucket(String... path) {
    WritableBucket bucket = root();
    for (String name : path) {
      bucket = bucket.bucket(name);
      if (bucket == null) {
        return null;
      }
    }
    return bucket;
  }

  /** The bucket at {@code path} below the root; what is missing of the path is created. */
  default WritableBucket createBucketIfAbsent(String... path) {
    WritableBucket bucket = root();
    for (String name : path) {
      bucket = bucket.createBucketIfAbsent(name);
    }
    return bucket;
  }

  /**
   * Runs {@code action} on the updating thread once the transaction is durable and visible, outside
   * the write lock and before {@code update} returns; never when it fails. Actions run in the order
   * of registration. What one throws is logged and neither undoes the commit nor stops the others.
   */
  void afterCommit(Runnable action);
}
