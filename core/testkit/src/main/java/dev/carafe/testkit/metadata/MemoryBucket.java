package dev.carafe.testkit.metadata;

import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.metadata.Bucket;
import dev.carafe.spi.metadata.KeyRange;
import dev.carafe.spi.metadata.MetadataDatabase;
import dev.carafe.spi.metadata.WritableBucket;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/** A bucket of the memory database: a path into the tree of its transaction. */
final class MemoryBucket implements WritableBucket {
  private final MemoryTransaction transaction;
  private final @Nullable MemoryBucket parent;
  private final String name;
  private final Object identity;
  private final int depth;

  MemoryBucket(MemoryTransaction transaction) {
    this(transaction, null, "", transaction.root, 0);
  }

  private MemoryBucket(
      MemoryTransaction transaction,
      @Nullable MemoryBucket parent,
      String name,
      Content content,
      int depth) {
    this.transaction = transaction;
    this.parent = parent;
    this.name = name;
    this.identity = content.identity;
    this.depth = depth;
  }

  /** What a bucket holds. Changed only by the transaction that made this copy of it. */
  static final class Content {
    private final Object owner;
    private final Object identity;
    private final TreeMap<String, Object> entries;
    private long sequence;

    Content(Object owner) {
      this.owner = owner;
      this.identity = new Object();
      this.entries = new TreeMap<>(Comparator.comparing(MemoryBucket::codePoints, Arrays::compare));
    }

    private Content(Content other, Object owner) {
      this.owner = owner;
      this.identity = other.identity;
      this.entries = new TreeMap<>(other.entries);
      this.sequence = other.sequence;
    }
  }

  /** Their order is that of the bytes of UTF-8. */
  private static int[] codePoints(String text) {
    return text.codePoints().toArray();
  }

  private Content read() {
    transaction.requireOpen();
    if (parent == null) {
      return transaction.root;
    }
    if (parent.read().entries.get(name) instanceof Content content
        && content.identity == identity) {
      return content;
    }
    throw new FailedPreconditionException("bucket \"%s\": deleted".formatted(name));
  }

  private Content change() {
    Content present = read();
    if (present.owner == transaction) {
      return present;
    }
    Content copy = new Content(present, transaction);
    if (parent == null) {
      transaction.root = copy;
    } else {
      parent.change().entries.put(name, copy);
    }
    return copy;
  }

  private MemoryBucket child(String childName, Content content) {
    return new MemoryBucket(transaction, this, childName, content, depth + 1);
  }

  @Override
  public byte @Nullable [] get(String key) {
    return read().entries.get(key) instanceof byte[] value ? value.clone() : null;
  }

  @Override
  public @Nullable WritableBucket bucket(String childName) {
    return read().entries.get(childName) instanceof Content content
        ? child(childName, content)
        : null;
  }

  @Override
  public boolean forEach(KeyRange range, BiPredicate<String, byte[]> visitor) {
    for (Map.Entry<String, Object> entry : inRange(range)) {
      if (entry.getValue() instanceof byte[] value
          && !visitor.test(entry.getKey(), value.clone())) {
        return false;
      }
    }
    return true;
  }

  @Override
  public boolean forEachBucket(KeyRange range, BiPredicate<String, ? super Bucket> visitor) {
    for (Map.Entry<String, Object> entry : inRange(range)) {
      if (entry.getValue() instanceof Content content
          && !visitor.test(entry.getKey(), child(entry.getKey(), content))) {
        return false;
      }
    }
    return true;
  }

  private Iterable<Map.Entry<String, Object>> inRange(KeyRange range) {
    var found = new ArrayList<Map.Entry<String, Object>>();
    for (Map.Entry<String, Object> entry : read().entries.tailMap(range.from()).entrySet()) {
      if (entry.getKey().startsWith(range.prefix())) {
        found.add(Map.entry(entry.getKey(), entry.getValue()));
      }
    }
    return found;
  }

  @Override
  public boolean isEmpty() {
    return read().entries.isEmpty();
  }

  @Override
  public long sequence() {
    return read().sequence;
  }

  @Override
  public void put(String key, byte[] value) {
    requireKey(key);
    if (value.length > MetadataDatabase.MAX_VALUE_BYTES) {
      throw new InvalidArgumentException("key \"%s\": value is too long".formatted(key));
    }
    refuse(key, Content.class, "bucket");
    transaction.count(key.length() + value.length);
    change().entries.put(key, value.clone());
  }

  @Override
  public boolean delete(String key) {
    requireKey(key);
    refuse(key, Content.class, "bucket");
    return remove(key);
  }

  @Override
  public WritableBucket createBucket(String childName) {
    requireKey(childName);
    refuse(childName, byte[].class, "value");
    if (read().entries.containsKey(childName)) {
      throw new AlreadyExistsException("bucket \"%s\": already exists".formatted(childName));
    }
    if (depth == MetadataDatabase.MAX_DEPTH) {
      throw new InvalidArgumentException("bucket \"%s\": nested too deep".formatted(childName));
    }
    var content = new Content(transaction);
    change().entries.put(childName, content);
    return child(childName, content);
  }

  @Override
  public boolean deleteBucket(String childName) {
    requireKey(childName);
    refuse(childName, byte[].class, "value");
    return remove(childName);
  }

  private boolean remove(String key) {
    return read().entries.containsKey(key) && change().entries.remove(key) != null;
  }

  @Override
  public long nextSequence() {
    return ++change().sequence;
  }

  private void refuse(String key, Class<?> type, String what) {
    if (type.isInstance(read().entries.get(key))) {
      throw new FailedPreconditionException("key \"%s\": names a %s".formatted(key, what));
    }
  }

  private static void requireKey(String key) {
    try {
      int length = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(key)).remaining();
      if (length > 0 && length <= MetadataDatabase.MAX_KEY_BYTES) {
        return;
      }
    } catch (CharacterCodingException _) {
      // an unpaired surrogate: refused below
    }
    throw new InvalidArgumentException("key of %d characters: not allowed".formatted(key.length()));
  }
}
