package dev.carafe.metadata;

import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.FailedPreconditionException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads what {@link RecordWriter} wrote. Never reads past the value and never allocates more than
 * it: a value that does not fit its format is a {@link DataLossException} that names its key.
 */
final class RecordReader {
  private final String what;
  private final byte[] bytes;
  private final int version;
  private int position;

  /**
   * @param what for messages: kind and key
   * @param newest the newest version that the caller understands
   */
  RecordReader(String what, byte[] bytes, int newest) {
    this.what = what;
    this.bytes = bytes;
    this.version = next();
    if (version > newest) {
      throw new FailedPreconditionException(
          what + ": written by a newer version of the daemon (format " + version + ")");
    }
    if (version < 1) {
      throw damaged("format " + version);
    }
  }

  /** Of the format that the value was written in. */
  int version() {
    return version;
  }

  long number() {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      int b = next();
      value |= (long) (b & 0x7f) << shift;
      if (b < 0x80) {
        return (value >>> 1) ^ -(value & 1);
      }
    }
    throw damaged("a number is too long");
  }

  boolean flag() {
    return switch (next()) {
      case 0 -> false;
      case 1 -> true;
      default -> throw damaged("a flag is neither 0 nor 1");
    };
  }

  byte[] bytes() {
    int length = count();
    position += length;
    return Arrays.copyOfRange(bytes, position - length, position);
  }

  String text() {
    int length = count();
    position += length;
    return new String(bytes, position - length, length, StandardCharsets.UTF_8);
  }

  Instant time() {
    try {
      return Instant.ofEpochSecond(number(), number());
    } catch (DateTimeException | ArithmeticException e) {
      throw new DataLossException(what + ": record is damaged: " + e.getMessage(), e);
    }
  }

  Map<String, String> texts() {
    return map(RecordReader::text);
  }

  <T> Map<String, T> map(Function<RecordReader, T> each) {
    int size = count();
    Map<String, T> values = LinkedHashMap.newLinkedHashMap(size);
    for (int i = 0; i < size; i++) {
      String key = text();
      values.put(key, each.apply(this));
    }
    return values;
  }

  <T> List<T> list(Function<RecordReader, T> each) {
    int size = count();
    List<T> values = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      values.add(each.apply(this));
    }
    return values;
  }

  <T> @Nullable T optional(Function<RecordReader, T> read) {
    return flag() ? read.apply(this) : null;
  }

  /**
   * A length or an element count: elements take a byte at least, so both are bounded by the rest.
   */
  private int count() {
    long count = number();
    if (count < 0 || count > bytes.length - position) {
      throw damaged("a length of " + count + " with " + (bytes.length - position) + " bytes left");
    }
    return (int) count;
  }

  private int next() {
    if (position >= bytes.length) {
      throw damaged("it ends after " + bytes.length + " bytes");
    }
    return bytes[position++] & 0xff;
  }

  private DataLossException damaged(String why) {
    return new DataLossException(what + ": record is damaged: " + why);
  }
}
