package dev.carafe.metadata.mapdb;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.metadata.MetadataDatabase;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The flat key space under the tree: eight bytes of bucket id, then the key's UTF-8. Ids are never
 * used twice and a bucket's is greater than its parent's. The empty key of a bucket, which no
 * caller can use, holds its sequence.
 */
final class Keys {
  /** Id of the root bucket. */
  static final long ROOT = 1;

  /** Where the next bucket id is kept: in bucket 0, which is no bucket. */
  static final byte[] NEXT_ID = of(0, new byte[] {'n'});

  static final int PREFIX = Long.BYTES;

  private static final byte[] NONE = {};

  private Keys() {}

  static byte[] of(long bucket, byte[] key) {
    byte[] flat = new byte[PREFIX + key.length];
    ByteBuffer.wrap(flat).putLong(bucket).put(key);
    return flat;
  }

  static byte[] sequence(long bucket) {
    return of(bucket, NONE);
  }

  static long bucket(byte[] flat) {
    return ByteBuffer.wrap(flat).getLong();
  }

  static String name(byte[] flat) {
    return new String(flat, PREFIX, flat.length - PREFIX, StandardCharsets.UTF_8);
  }

  /** The flat key, or null when {@code key} is one that cannot exist. */
  static byte @Nullable [] find(long bucket, String key) {
    byte[] bytes = utf8(key);
    return bytes == null || bytes.length == 0 || bytes.length > MetadataDatabase.MAX_KEY_BYTES
        ? null
        : of(bucket, bytes);
  }

  /** The flat key of something that is to be written. */
  static byte[] require(long bucket, String key) {
    byte[] flat = find(bucket, key);
    if (flat == null) {
      throw new InvalidArgumentException(
          key.isEmpty()
              ? "key: empty"
              : "key of %d characters: not 1 to %d bytes of well-formed text"
                  .formatted(key.length(), MetadataDatabase.MAX_KEY_BYTES));
    }
    return flat;
  }

  /** The bytes of a bound: of any length, and empty for none. */
  static byte[] bound(String text) {
    byte[] bytes = utf8(text);
    if (bytes == null) {
      throw new InvalidArgumentException("range of keys: not well-formed text");
    }
    return bytes;
  }

  static boolean startsWith(byte[] key, byte[] prefix) {
    return key.length >= prefix.length
        && Arrays.equals(key, 0, prefix.length, prefix, 0, prefix.length);
  }

  private static byte @Nullable [] utf8(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        if (!Character.isHighSurrogate(text.charAt(i))
            || i + 1 == text.length()
            || !Character.isLowSurrogate(text.charAt(i + 1))) {
          return null;
        }
        i++;
      }
    }
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
