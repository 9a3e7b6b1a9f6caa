package dev.carafe.host.config;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.toml.TomlFactory;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * TOML files to tables. Reads Jackson's tokens: its object mapper would add 70 ms to the start of
 * the daemon.
 */
final class TomlReader {
  private static final int LARGEST = 1 << 20;
  private static final Pattern BARE_KEY = Pattern.compile("[A-Za-z0-9_-]+");

  private final String file;
  private final JsonParser tokens;

  private TomlReader(String file, JsonParser tokens) {
    this.file = file;
    this.tokens = tokens;
  }

  /** All files merged, later ones over earlier ones. */
  static ConfigTable readAll(List<Path> files) {
    TomlFactory factory = new TomlFactory();
    ConfigTable merged = ConfigTable.EMPTY;
    for (Path file : files) {
      merged = merged.overlaid(read(factory, file));
    }
    return merged;
  }

  private static ConfigTable read(TomlFactory factory, Path file) {
    try (JsonParser tokens = factory.createParser(bytes(file))) {
      JsonToken first = tokens.nextToken();
      return first == JsonToken.START_OBJECT
          ? new TomlReader(file.toString(), tokens).table("")
          : ConfigTable.EMPTY;
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation();
      String line = at == null ? "" : ":" + at.getLineNr();
      throw new InvalidArgumentException(file + line + ": " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new FailedPreconditionException("\"" + file + "\" cannot be read: " + e, e);
    }
  }

  private static byte[] bytes(Path file) throws IOException {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(LARGEST + 1);
    }
    if (bytes.length > LARGEST) {
      throw new InvalidArgumentException(file + ": larger than " + LARGEST + " bytes");
    }
    return bytes;
  }

  /** After START_OBJECT; to its END_OBJECT. */
  private ConfigTable table(String path) throws IOException {
    Map<String, ConfigTable.Entry> entries = new LinkedHashMap<>();
    for (String name = tokens.nextFieldName(); name != null; name = tokens.nextFieldName()) {
      String key = key(path, name);
      Object value = value(tokens.nextToken(), key);
      entries.put(name, new ConfigTable.Entry(value, new ConfigTable.Place(file, key)));
    }
    return new ConfigTable(entries);
  }

  private Object value(JsonToken token, String key) throws IOException {
    return switch (token) {
      case START_OBJECT -> table(key);
      case START_ARRAY -> {
        List<Object> values = new ArrayList<>();
        for (JsonToken next = tokens.nextToken();
            next != JsonToken.END_ARRAY;
            next = tokens.nextToken()) {
          values.add(value(next, key));
        }
        yield List.copyOf(values);
      }
      case VALUE_STRING -> tokens.getText();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NUMBER_FLOAT -> tokens.getDoubleValue();
      case VALUE_NUMBER_INT -> {
        if (tokens.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
          throw new InvalidArgumentException(
              file + ": " + key + ": " + tokens.getText() + " is too large");
        }
        yield tokens.getLongValue();
      }
      case END_ARRAY, END_OBJECT, FIELD_NAME, NOT_AVAILABLE, VALUE_EMBEDDED_OBJECT, VALUE_NULL ->
          throw new InvalidArgumentException(file + ": " + key + ": unexpected " + token);
    };
  }

  private static String key(String path, String key) {
    String shown = BARE_KEY.matcher(key).matches() ? key : '"' + key + '"';
    return path.isEmpty() ? shown : path + "." + shown;
  }
}
