package dev.carafe.metadata.mapdb;

import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.metadata.Bucket;
import dev.carafe.spi.metadata.KeyRange;
import java.util.Arrays;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/** A bucket as a transaction sees it. */
sealed class BucketView implements Bucket permits UpdateBucket {
  private final Transaction transaction;
  private final @Nullable BucketView parent;
  private final String name;
  private final long id;

  BucketView(Transaction transaction, @Nullable BucketView parent, String name, long id) {
    this.transaction = transaction;
    this.parent = parent;
    this.name = name;
    this.id = id;
  }

  final long id() {
    return id;
  }

  final @Nullable BucketView parent() {
    return parent;
  }

  /** The path for messages. */
  @Override
  public final String toString() {
    return parent == null ? "/" : (parent.parent == null ? "/" : parent + "/") + name;
  }

  /** The state to read from. */
  final State state() {
    State state = transaction.state();
    for (BucketView bucket = this; bucket != null; bucket = bucket.parent) {
      if (transaction.isDeleted(bucket.id)) {
        throw new FailedPreconditionException("bucket \"%s\": deleted".formatted(this));
      }
    }
    return state;
  }

  final @Nullable Entry find(String key) {
    State state = state();
    byte[] flat = Keys.find(id, key);
    return flat == null ? null : state.get(flat);
  }

  BucketView child(String childName, long childId) {
    return new BucketView(transaction, this, childName, childId);
  }

  @Override
  public final byte @Nullable [] get(String key) {
    return find(key) instanceof Entry.Value value ? value.bytes().clone() : null;
  }

  @Override
  public @Nullable Bucket bucket(String childName) {
    return find(childName) instanceof Entry.Child child ? child(childName, child.id()) : null;
  }

  @Override
  public final boolean forEach(KeyRange range, BiPredicate<String, byte[]> visitor) {
    return walk(
        range,
        walk ->
            walk.isChild()
                || !(walk.entry() instanceof Entry.Value value)
                || visitor.test(Keys.name(walk.key()), value.bytes().clone()));
  }

  @Override
  public final boolean forEachBucket(KeyRange range, BiPredicate<String, ? super Bucket> visitor) {
    return walk(
        range,
        walk -> {
          if (!walk.isChild() || !(walk.entry() instanceof Entry.Child found)) {
            return true;
          }
          String childName = Keys.name(walk.key());
          return visitor.test(childName, child(childName, found.id()));
        });
  }

  private interface Visitor {
    boolean visit(State.Walk walk);
  }

  private boolean walk(KeyRange range, Visitor visitor) {
    byte[] prefix = Keys.of(id, Keys.bound(range.prefix()));
    byte[] from = Keys.of(id, Keys.bound(range.from()));
    State.Walk walk = state().from(Arrays.compareUnsigned(from, prefix) > 0 ? from : prefix);
    while (walk.next() && Keys.startsWith(walk.key(), prefix)) {
      if (walk.key().length > Keys.PREFIX && !visitor.visit(walk)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public final boolean isEmpty() {
    return walk(KeyRange.ALL, _ -> false);
  }

  @Override
  public final long sequence() {
    return state().number(Keys.sequence(id));
  }
}
