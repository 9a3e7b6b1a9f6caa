package dev.carafe.metadata;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes one stored value: a version byte, then fields in a fixed order. Numbers are zigzag
 * varints, texts and bytes have their length in front. {@link RecordReader} reads it back.
 */
final class RecordWriter {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream(128);

  /**
   * @param version of the record's fields, 1 to 127; later versions only append fields
   */
  RecordWriter(int version) {
    out.write(version);
  }

  RecordWriter number(long value) {
    long rest = (value << 1) ^ (value >> 63);
    while ((rest & ~0x7fL) != 0) {
      out.write((int) (rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    out.write((int) rest);
    return this;
  }

  RecordWriter flag(boolean value) {
    out.write(value ? 1 : 0);
    return this;
  }

  RecordWriter bytes(byte[] value) {
    number(value.length);
    out.write(value, 0, value.length);
    return this;
  }

  RecordWriter text(String value) {
    return bytes(value.getBytes(StandardCharsets.UTF_8));
  }

  RecordWriter time(Instant value) {
    return number(value.getEpochSecond()).number(value.getNano());
  }

  /** Texts by key, in the order of their keys, so that equal maps give equal bytes. */
  RecordWriter texts(Map<String, String> values) {
    return map(values, RecordWriter::text);
  }

  <T> RecordWriter map(Map<String, T> values, BiConsumer<RecordWriter, T> each) {
    number(values.size());
    new TreeMap<>(values)
        .forEach((key, value) -> {
          text(key);
          each.accept(this, value);
        });
    return this;
  }

  <T> RecordWriter list(Iterable<T> values, int size, BiConsumer<RecordWriter, T> each) {
    number(size);
    values.forEach(value -> each.accept(this, value));
    return this;
  }

  <T> RecordWriter optional(@Nullable T value, BiConsumer<RecordWriter, T> write) {
    flag(value != null);
    if (value != null) {
      write.accept(this, value);
    }
    return this;
  }

  byte[] finish() {
    return out.toByteArray();
  }
}
