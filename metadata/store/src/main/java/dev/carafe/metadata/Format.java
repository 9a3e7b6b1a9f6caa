package dev.carafe.metadata;

import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * How a record becomes a value and back.
 *
 * @param what for messages
 * @param version that is written; older ones are read too
 */
record Format<R>(
    String what,
    int version,
    BiConsumer<R, RecordWriter> writer,
    BiFunction<String, RecordReader, R> reader) {

  byte[] encode(R record) {
    RecordWriter out = new RecordWriter(version);
    writer.accept(record, out);
    return out.finish();
  }

  /**
   * Reads a value back.
   *
   * @param key under which it is stored
   * @throws DataLossException if it is damaged
   */
  R decode(String key, byte[] value) {
    String named = what + " \"" + key + "\"";
    try {
      return reader.apply(key, new RecordReader(named, value, version));
    } catch (InvalidArgumentException | ResourceExhaustedException e) {
      throw new DataLossException(named + ": record is damaged: " + e.getMessage(), e);
    }
  }

  @Nullable R decodeOrNull(String key, byte @Nullable [] value) {
    return value == null ? null : decode(key, value);
  }
}
