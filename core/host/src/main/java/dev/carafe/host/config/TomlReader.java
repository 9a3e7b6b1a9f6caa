package dev.carafe.host.config;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** TOML files to tables, with Jackson. */
final class TomlReader {
  private static final int LARGEST = 1 << 20;
  private static final Pattern BARE_KEY = Pattern.compile("[A-Za-z0-9_-]+");

  private TomlReader() {}

  /** All files merged, later ones over earlier ones. */
  static ConfigTable readAll(List<Path> files) {
    TomlMapper mapper = new TomlMapper();
    ConfigTable merged = ConfigTable.EMPTY;
    for (Path file : files) {
      merged = merged.overlaid(read(mapper, file));
    }
    return merged;
  }

  private static ConfigTable read(TomlMapper mapper, Path file) {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(LARGEST + 1);
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": " + e.getMessage(), e);
    }
    if (bytes.length > LARGEST) {
      throw new InvalidArgumentException(file + ": larger than " + LARGEST + " bytes");
    }
    try {
      return table(mapper.readTree(bytes), file.toString(), "");
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation();
      String line = at == null ? "" : ":" + at.getLineNr();
      throw new InvalidArgumentException(file + line + ": " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": " + e.getMessage(), e);
    }
  }

  private static ConfigTable table(JsonNode node, String file, String path) {
    Map<String, ConfigTable.Entry> entries = new LinkedHashMap<>();
    node.properties()
        .forEach(
            property -> {
              String key = key(path, property.getKey());
              entries.put(
                  property.getKey(),
                  new ConfigTable.Entry(
                      value(property.getValue(), file, key), new ConfigTable.Place(file, key)));
            });
    return new ConfigTable(entries);
  }

  private static Object value(JsonNode node, String file, String key) {
    return switch (node.getNodeType()) {
      case STRING -> node.textValue();
      case BOOLEAN -> node.booleanValue();
      case NUMBER ->
          node.canConvertToExactIntegral() && node.canConvertToLong() && node.isIntegralNumber()
              ? (Object) node.longValue()
              : (Object) node.doubleValue();
      case OBJECT -> table(node, file, key);
      case ARRAY -> {
        List<Object> values = new ArrayList<>();
        node.forEach(element -> values.add(value(element, file, key)));
        yield List.copyOf(values);
      }
      case BINARY, MISSING, NULL, POJO -> node;
    };
  }

  private static String key(String path, String key) {
    String shown = BARE_KEY.matcher(key).matches() ? key : '"' + key + '"';
    return path.isEmpty() ? shown : path + "." + shown;
  }
}
