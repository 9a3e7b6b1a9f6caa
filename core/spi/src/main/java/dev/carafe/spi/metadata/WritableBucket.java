package dev.carafe.spi.metadata;

import org.jspecify.annotations.Nullable;

/**
 * A bucket that can be changed. Changes are seen at once by this transaction, and by others when it
 * has committed.
 *
 * <p>Names and keys are 1 to {@link MetadataDatabase#MAX_KEY_BYTES} bytes of well-formed text, else
 * {@code InvalidArgumentException}. A change that makes the transaction larger than the database
 * allows throws {@code ResourceExhaustedException}.
 */
public interface WritableBucket extends Bucket {

  @Override
  @Nullable WritableBucket bucket(String name);

  /**
   * Sets the value under {@code key}. The array is copied.
   *
   * @throws dev.carafe.spi.errors.FailedPreconditionException if {@code key} names a bucket
   * @throws dev.carafe.spi.errors.InvalidArgumentException if the value is longer than {@link
   *     MetadataDatabase#MAX_VALUE_BYTES}
   */
  void put(String key, byte[] value);

  /**
   * Removes the value under {@code key}.
   *
   * @return whether there was one
   * @throws dev.carafe.spi.errors.FailedPreconditionException if {@code key} names a bucket
   */
  boolean delete(String key);

  /**
   * Creates an empty bucket, its sequence at 0.
   *
   * @throws dev.carafe.spi.errors.AlreadyExistsException if there is one of this name
   * @throws dev.carafe.spi.errors.FailedPreconditionException if {@code name} names a value
   * @throws dev.carafe.spi.errors.InvalidArgumentException if it would lie deeper than {@link
   *     MetadataDatabase#MAX_DEPTH}
   */
  WritableBucket createBucket(String name);

  /** As {@link #createBucket}; a bucket that is already there is returned as it is. */
  default WritableBucket createBucketIfAbsent(String name) {
    WritableBucket present = bucket(name);
    return present == null ? createBucket(name) : present;
  }

  /**
   * Removes the bucket under {@code name} with all that it holds.
   *
   * @return whether there was one
   * @throws dev.carafe.spi.errors.FailedPreconditionException if {@code name} names a value
   */
  boolean deleteBucket(String name);

  /** The next number of this bucket's own count, beginning at 1. Undone with the transaction. */
  long nextSequence();
}
