package dev.carafe.metadata.mapdb;

import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.metadata.MetadataDatabase;
import dev.carafe.spi.metadata.WritableBucket;
import org.jspecify.annotations.Nullable;

/** A bucket inside an update. */
final class UpdateBucket extends BucketView implements WritableBucket {
  private final Update update;
  private final int depth;

  UpdateBucket(Update update, @Nullable BucketView parent, String name, long id, int depth) {
    super(update, parent, name, id);
    this.update = update;
    this.depth = depth;
  }

  @Override
  UpdateBucket child(String childName, long childId) {
    return new UpdateBucket(update, this, childName, childId, depth + 1);
  }

  @Override
  public @Nullable WritableBucket bucket(String childName) {
    return find(childName) instanceof Entry.Child found ? child(childName, found.id()) : null;
  }

  @Override
  public void put(String key, byte[] value) {
    byte[] flat = Keys.require(id(), key);
    if (value.length > MetadataDatabase.MAX_VALUE_BYTES) {
      throw new InvalidArgumentException(
          "bucket \"%s\": value of key \"%s\" has %d bytes, more than %d"
              .formatted(this, key, value.length, MetadataDatabase.MAX_VALUE_BYTES));
    }
    Entry before = state().get(flat);
    refuseBucket(key, before);
    update.set(flat, new Entry.Value(value.clone()), before);
  }

  @Override
  public boolean delete(String key) {
    byte[] flat = Keys.require(id(), key);
    Entry before = state().get(flat);
    refuseBucket(key, before);
    if (before == null) {
      return false;
    }
    update.delete(flat, before);
    return true;
  }

  private void refuseBucket(String key, @Nullable Entry present) {
    if (present instanceof Entry.Child) {
      throw new FailedPreconditionException(
          "bucket \"%s\": key \"%s\" names a bucket".formatted(this, key));
    }
  }

  private void refuseValue(String name, @Nullable Entry present) {
    if (present instanceof Entry.Value) {
      throw new FailedPreconditionException(
          "bucket \"%s\": key \"%s\" names a value".formatted(this, name));
    }
  }

  @Override
  public WritableBucket createBucket(String name) {
    byte[] flat = Keys.require(id(), name);
    Entry before = state().get(flat);
    refuseValue(name, before);
    if (before != null) {
      throw new AlreadyExistsException(
          "bucket \"%s\": bucket \"%s\" already exists".formatted(this, name));
    }
    if (depth == MetadataDatabase.MAX_DEPTH) {
      throw new InvalidArgumentException(
          "bucket \"%s\": nested %d deep, which is the limit".formatted(this, depth));
    }
    long id = update.newBucketId();
    update.set(flat, new Entry.Child(id), null);
    return child(name, id);
  }

  @Override
  public boolean deleteBucket(String name) {
    byte[] flat = Keys.require(id(), name);
    Entry before = state().get(flat);
    refuseValue(name, before);
    if (before == null) {
      return false;
    }
    update.delete(flat, before);
    return true;
  }

  @Override
  public long nextSequence() {
    state();
    return update.increment(Keys.sequence(id()), 0);
  }
}
