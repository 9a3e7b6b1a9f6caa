package dev.carafe.oci;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * JSON as maps, lists, strings, longs, doubles and booleans. Bounded: 64 levels, 8 MiB a document,
 * a million values. Nulls inside objects are dropped (Go writes {@code null} for an absent list),
 * of two equal keys the last one counts.
 */
public final class Json {
  private static final int MAX_BYTES = 8 << 20;
  private static final int MAX_DEPTH = 64;
  private static final int MAX_VALUES = 1_000_000;
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxDocumentLength(MAX_BYTES)
                  .maxStringLength(MAX_BYTES)
                  .maxNumberLength(64)
                  .build())
          .build();

  private Json() {}

  /**
   * Reads a document that is an object.
   *
   * @param what named in messages, for example {@code manifest sha256:...}
   * @throws InvalidArgumentException if it is not one, or too large
   */
  public static JsonObject object(String what, byte[] bytes) {
    if (bytes.length > MAX_BYTES) {
      throw new InvalidArgumentException(
          what + ": JSON of " + bytes.length + " bytes is larger than " + MAX_BYTES);
    }
    try (JsonParser parser = FACTORY.createParser(bytes)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new InvalidArgumentException(what + ": not a JSON object");
      }
      int[] budget = {MAX_VALUES};
      Map<String, Object> object = readObject(what, parser, budget);
      if (parser.nextToken() != null) {
        throw new InvalidArgumentException(what + ": something follows the JSON object");
      }
      return new JsonObject(what, object);
    } catch (JsonParseException e) {
      throw new InvalidArgumentException(what + ": not JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new InvalidArgumentException(what + ": not JSON: " + firstLine(e.getMessage()), e);
    }
  }

  /** Writes maps, lists, strings, numbers and booleans. Keys keep the map's order. */
  public static byte[] bytes(Object value) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(1024);
    try (JsonGenerator generator = FACTORY.createGenerator(out)) {
      write(generator, value);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static @Nullable Object read(
      String what, JsonParser parser, JsonToken token, int[] budget) throws IOException {
    if (--budget[0] < 0) {
      throw new InvalidArgumentException(what + ": JSON has more than " + MAX_VALUES + " values");
    }
    return switch (token) {
      case START_OBJECT -> readObject(what, parser, budget);
      case START_ARRAY -> {
        List<Object> list = new ArrayList<>();
        for (JsonToken next = parser.nextToken();
            next != JsonToken.END_ARRAY;
            next = parser.nextToken()) {
          Object element = read(what, parser, next, budget);
          if (element != null) {
            list.add(element);
          }
        }
        yield list;
      }
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT ->
          switch (parser.getNumberType()) {
            case INT, LONG -> parser.getLongValue();
            default -> parser.getBigIntegerValue();
          };
      case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
      case VALUE_TRUE -> Boolean.TRUE;
      case VALUE_FALSE -> Boolean.FALSE;
      case VALUE_NULL -> null;
      default -> throw new InvalidArgumentException(what + ": unexpected " + token);
    };
  }

  private static Map<String, Object> readObject(String what, JsonParser parser, int[] budget)
      throws IOException {
    Map<String, Object> object = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      Object value = read(what, parser, parser.nextToken(), budget);
      if (value == null) {
        object.remove(key);
      } else {
        object.put(key, value);
      }
    }
    return object;
  }

  private static void write(JsonGenerator generator, Object value) throws IOException {
    switch (value) {
      case Map<?, ?> map -> {
        generator.writeStartObject();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          generator.writeFieldName(String.valueOf(entry.getKey()));
          write(generator, entry.getValue());
        }
        generator.writeEndObject();
      }
      case Iterable<?> list -> {
        generator.writeStartArray();
        for (Object element : list) {
          write(generator, element);
        }
        generator.writeEndArray();
      }
      case String text -> generator.writeString(text);
      case Boolean flag -> generator.writeBoolean(flag);
      case Double number -> generator.writeNumber(number);
      case java.math.BigInteger number -> generator.writeNumber(number);
      case Number number -> generator.writeNumber(number.longValue());
      default -> generator.writeString(value.toString());
    }
  }

  private static String firstLine(@Nullable String message) {
    return message == null ? "unreadable" : message.lines().findFirst().orElse("");
  }
}
