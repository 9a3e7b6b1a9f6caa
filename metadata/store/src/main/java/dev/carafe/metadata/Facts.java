package dev.carafe.metadata;

import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.metadata.ReadTransaction;
import dev.carafe.spi.metadata.WriteTransaction;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The values below {@link Schema#FACTS}, as text. */
final class Facts {
  static final String SCHEMA = "schema";
  static final String ID = "id";
  static final String SEQUENCE = "sequence";
  static final String SUSPECT = "suspect";

  private Facts() {}

  static @Nullable String text(ReadTransaction tx, String name) {
    byte[] value = Schema.get(tx.bucket(Schema.FACTS), name);
    return value == null ? null : new String(value, StandardCharsets.UTF_8);
  }

  static void setText(WriteTransaction tx, String name, String value) {
    tx.createBucketIfAbsent(Schema.FACTS).put(name, value.getBytes(StandardCharsets.UTF_8));
  }

  /** A number, 0 if absent. */
  static long number(ReadTransaction tx, String name) {
    String text = text(tx, name);
    try {
      return text == null ? 0 : Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new DataLossException("fact \"" + name + "\": \"" + text + "\" is not a number", e);
    }
  }

  static void setNumber(WriteTransaction tx, String name, long value) {
    setText(tx, name, Long.toString(value));
  }
}
