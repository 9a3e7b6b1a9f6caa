package dev.carafe.spi.metadata;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * A part of the tree: values and buckets under keys, in the order of the keys' UTF-8 bytes. A key
 * names a value or a bucket, never both.
 *
 * <p>Every method throws {@code FailedPreconditionException} after the transaction has ended, or
 * when this bucket was deleted in it.
 */
public interface Bucket {

  /** A copy of the value under {@code key}; null when there is none, or a bucket. */
  byte @Nullable [] get(String key);

  /** The bucket under {@code name}; null when there is none, or a value. */
  @Nullable Bucket bucket(String name);

  /**
   * Shows each value whose key lies in {@code range}, in order, until {@code visitor} answers
   * false. Changes made meanwhile by the same transaction are not seen. Values are copies.
   *
   * @return false if the visitor stopped the walk
   */
  boolean forEach(KeyRange range, BiPredicate<String, byte[]> visitor);

  /** As {@link #forEach(KeyRange, BiPredicate)}, for the nested buckets. */
  boolean forEachBucket(KeyRange range, BiPredicate<String, ? super Bucket> visitor);

  /** Whether there is neither a value nor a bucket inside. */
  boolean isEmpty();

  /** The number that {@link WritableBucket#nextSequence} gave last; 0 if none. */
  long sequence();

  /** Shows every value, in order. */
  default void forEach(BiConsumer<String, byte[]> visitor) {
    forEach(
        KeyRange.ALL,
        (key, value) -> {
          visitor.accept(key, value);
          return true;
        });
  }

  /** Names of the nested buckets, in order. */
  default List<String> bucketNames() {
    var names = new ArrayList<String>();
    forEachBucket(KeyRange.ALL, (name, bucket) -> names.add(name));
    return List.copyOf(names);
  }
}
