package dev.carafe.host.config;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A table as read: keys with their values and with where each was said, so that a mistake is
 * reported under the file and key that the operator wrote. Immutable.
 */
public final class ConfigTable {
  /** A table that says nothing. */
  public static final ConfigTable EMPTY = new ConfigTable(Map.of());

  /**
   * One key's value.
   *
   * @param value a String (dates too), Long, Double, Boolean, List of such, or ConfigTable
   * @param place file and key as the operator wrote them
   */
  record Entry(Object value, Place place) {}

  /** Where a value was said. */
  record Place(String file, String key) {
    @Override
    public String toString() {
      return file + ": " + key;
    }
  }

  private final Map<String, Entry> entries;

  ConfigTable(Map<String, Entry> entries) {
    this.entries = Map.copyOf(entries);
  }

  /** A table that no file holds; {@code origin} stands for the file in messages. */
  static ConfigTable of(String origin, String path, Map<String, Object> values) {
    Map<String, Entry> entries = new LinkedHashMap<>();
    values.forEach((key, value) -> {
      String full = path + "." + key;
      entries.put(key, new Entry(tables(origin, full, value), new Place(origin, full)));
    });
    return new ConfigTable(entries);
  }

  private static Object tables(String origin, String path, Object value) {
    if (!(value instanceof Map<?, ?> map)) {
      return value;
    }
    Map<String, Object> values = new LinkedHashMap<>();
    map.forEach((key, one) -> values.put(String.valueOf(key), one));
    return of(origin, path, values);
  }

  Set<String> keys() {
    return entries.keySet();
  }

  @Nullable Entry get(String key) {
    return entries.get(key);
  }

  /** This table overlaid with another: tables are merged key by key, anything else is replaced. */
  ConfigTable overlaid(ConfigTable over) {
    Map<String, Entry> merged = new LinkedHashMap<>(entries);
    over.entries.forEach((key, entry) ->
        merged.merge(
            key,
            entry,
            (below, above) ->
                below.value() instanceof ConfigTable table
                        && above.value() instanceof ConfigTable other
                    ? new Entry(table.overlaid(other), above.place())
                    : above));
    return new ConfigTable(merged);
  }

  ConfigTable without(Set<String> keys) {
    Map<String, Entry> rest = new LinkedHashMap<>(entries);
    rest.keySet().removeAll(keys);
    return new ConfigTable(rest);
  }

  ConfigTable only(Set<String> keys) {
    Map<String, Entry> rest = new LinkedHashMap<>(entries);
    rest.keySet().retainAll(keys);
    return new ConfigTable(rest);
  }

  /**
   * The defaults overlaid with this table.
   *
   * @param reserved keys that the record must not be given; they are somebody else's
   * @throws InvalidArgumentException one line for each mistake, with file and key
   */
  public <R extends Record> R bind(R defaults, Set<String> reserved) {
    List<String> problems = new ArrayList<>();
    R bound = new RecordBinder(problems).bind(without(reserved), defaults);
    if (!problems.isEmpty()) {
      throw new InvalidArgumentException(String.join("\n", problems));
    }
    return bound;
  }

  /** As {@link #bind}, of the named keys only. */
  public <R extends Record> R bindOnly(Set<String> keys, R defaults) {
    return only(keys).bind(defaults, Set.of());
  }

  /** Where any key of this table was said, for messages about the table as a whole. */
  public String place() {
    return entries.values().stream()
        .map(entry -> entry.place().toString())
        .sorted()
        .findFirst()
        .orElse("configuration");
  }

  @Override
  public String toString() {
    return entries.toString();
  }
}
