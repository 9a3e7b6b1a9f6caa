package dev.carafe.host.config;

import dev.carafe.spi.plugins.Description;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Configuration records as TOML that reads back as the same records, each key under the comment of
 * its {@link Description}.
 */
public final class ConfigText {
  private static final Pattern BARE_KEY = Pattern.compile("[A-Za-z0-9_-]+");
  private static final int WIDTH = 90;

  private final StringBuilder out = new StringBuilder();

  private ConfigText() {}

  /**
   * The whole configuration.
   *
   * @param plugins the plugins' records by TYPE.ID; their tables in {@code config} are left out
   */
  public static String of(DaemonConfig config, Map<String, ? extends Record> plugins) {
    ConfigText text = new ConfigText();
    text.record("", config, Set.of());
    Map<String, String> aliases = new TreeMap<>();
    ConfigLoader.ALIASES.forEach((alias, uri) -> aliases.put(uri, alias));
    new TreeMap<>(plugins)
        .forEach((uri, record) -> {
          Set<String> hidden =
              switch (uri) {
                case ConfigLoader.RUNTIMES_PLUGIN -> Set.of(ConfigLoader.RUNTIMES_KEY);
                case ConfigLoader.PROCESSORS_PLUGIN -> Set.of(ConfigLoader.PROCESSORS_KEY);
                default -> Set.of();
              };
          if (record.getClass().getRecordComponents().length > hidden.size()) {
            String alias = aliases.get(uri);
            text.table(alias == null ? "plugins." + quoted(uri) : alias, record, hidden);
          }
        });
    return text.out.toString();
  }

  private void table(String path, Record record, Set<String> hidden) {
    out.append("\n[").append(path).append("]\n");
    record(path, record, hidden);
  }

  private void record(String path, Record record, Set<String> hidden) {
    List<Runnable> tables = new ArrayList<>();
    for (RecordComponent component : record.getClass().getRecordComponents()) {
      String key = RecordBinder.snakeCase(component.getName());
      if (hidden.contains(key)) {
        continue;
      }
      Object value = RecordBinder.read(component, record);
      String full = path.isEmpty() ? key : path + "." + key;
      Description description = component.getAnnotation(Description.class);
      switch (value) {
        case null -> comment(description);
        case Record nested -> tables.add(() -> table(full, nested, Set.of()));
        case Map<?, ?> map when holdsTables(component) ->
            tables.add(() -> tables(full, description, map));
        default -> {
          comment(description);
          out.append(key).append(" = ").append(value(value)).append('\n');
        }
      }
    }
    tables.forEach(Runnable::run);
  }

  /** Whether a map's values are records, or tables that are printed elsewhere. */
  private static boolean holdsTables(RecordComponent component) {
    return component.getGenericType() instanceof ParameterizedType type
        && type.getActualTypeArguments()[1] instanceof Class<?> values
        && (values.isRecord() || values == ConfigTable.class);
  }

  private void tables(String path, @Nullable Description description, Map<?, ?> map) {
    Map<String, Record> records = new TreeMap<>();
    map.forEach((key, value) -> {
      if (value instanceof Record record) {
        records.put((String) key, record);
      }
    });
    out.append('\n');
    comment(description);
    records.forEach((key, record) -> table(path + "." + quoted(key), record, Set.of()));
  }

  private void comment(@Nullable Description description) {
    if (description == null) {
      return;
    }
    StringBuilder line = new StringBuilder("#");
    for (String word : description.value().split(" ")) {
      if (line.length() + word.length() + 1 > WIDTH) {
        out.append(line).append('\n');
        line = new StringBuilder("#");
      }
      line.append(' ').append(word);
    }
    out.append(line).append('\n');
  }

  private static String value(Object value) {
    return switch (value) {
      case Boolean flag -> flag.toString();
      case Number number -> number.toString();
      case Duration duration -> string(Durations.format(duration));
      case Path path -> string(path.toString());
      case Enum<?> constant -> string(RecordBinder.enumName(constant));
      case List<?> list ->
          "[" + String.join(", ", list.stream().map(ConfigText::value).toList()) + "]";
      case Map<?, ?> map -> {
        List<String> pairs = new ArrayList<>();
        new TreeMap<Object, Object>(map)
            .forEach((key, one) -> pairs.add(quoted((String) key) + " = " + value(one)));
        yield pairs.isEmpty() ? "{}" : "{ " + String.join(", ", pairs) + " }";
      }
      case Record record -> inline(record);
      default -> string(value.toString());
    };
  }

  private static String inline(Record record) {
    List<String> pairs = new ArrayList<>();
    for (RecordComponent component : record.getClass().getRecordComponents()) {
      Object one = RecordBinder.read(component, record);
      if (one != null) {
        pairs.add(RecordBinder.snakeCase(component.getName()) + " = " + value(one));
      }
    }
    return pairs.isEmpty() ? "{}" : "{ " + String.join(", ", pairs) + " }";
  }

  private static String quoted(String key) {
    return BARE_KEY.matcher(key).matches() ? key : string(key);
  }

  private static String string(String text) {
    StringBuilder escaped = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      switch (c) {
        case '"' -> escaped.append("\\\"");
        case '\\' -> escaped.append("\\\\");
        case '\n' -> escaped.append("\\n");
        case '\t' -> escaped.append("\\t");
        default -> {
          if (c < 0x20 || c == 0x7f) {
            escaped.append(String.format("\\u%04x", (int) c));
          } else {
            escaped.append(c);
          }
        }
      }
    }
    return escaped.append('"').toString();
  }
}
