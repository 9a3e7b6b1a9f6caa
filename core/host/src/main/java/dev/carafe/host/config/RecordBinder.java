package dev.carafe.host.config;

import dev.carafe.spi.errors.DaemonException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Tables to records: a key is a component in snake_case, an absent key keeps the default, an
 * unknown key is a mistake. All mistakes are collected, each with file and key.
 *
 * <p>Types: String, Path, int, long, double, boolean (boxed too), Duration ({@code "500ms"}), enums
 * in lower case, records, lists (a single value is a list of one), maps with String keys (merged
 * with the default by key), Object (whatever TOML says), ConfigTable. Records in lists and maps
 * take their defaults from a static field {@code DEFAULT} of their own type, if they have one.
 */
final class RecordBinder {
  private final List<String> problems;
  private final Collection<String> otherKeys;

  RecordBinder(List<String> problems) {
    this(problems, Set.of());
  }

  /** With keys of the outermost table that are known though no component has them. */
  RecordBinder(List<String> problems, Collection<String> otherKeys) {
    this.problems = problems;
    this.otherKeys = otherKeys;
  }

  <R extends Record> R bind(ConfigTable table, R defaults) {
    @SuppressWarnings("unchecked")
    Class<R> type = (Class<R>) defaults.getClass();
    R bound = bind(table, type, defaults, otherKeys);
    return bound == null ? defaults : bound;
  }

  /** Null after a mistake that leaves no record to speak of. */
  private <R extends Record> @Nullable R bind(
      ConfigTable table, Class<R> type, @Nullable R defaults, Collection<String> otherKeys) {
    RecordComponent[] components = type.getRecordComponents();
    List<String> known = new ArrayList<>(otherKeys);
    @Nullable Object[] values = new @Nullable Object[components.length];
    boolean complete = true;
    for (int i = 0; i < components.length; i++) {
      String key = snakeCase(components[i].getName());
      known.add(key);
      Object otherwise = defaults == null ? null : read(components[i], defaults);
      ConfigTable.Entry entry = table.get(key);
      values[i] =
          entry == null
              ? otherwise
              : convert(components[i].getGenericType(), entry.value(), entry.place(), otherwise);
      if (entry == null && defaults == null) {
        problems.add(table.place() + ": key \"" + key + "\" is missing beside it");
        complete = false;
      } else if (values[i] == null && entry != null) {
        complete = false;
      }
    }
    for (String key : table.keys().stream().sorted().toList()) {
      ConfigTable.Entry entry = table.get(key);
      if (entry != null && !known.contains(key)) {
        problems.add(entry.place() + ": unknown key" + NearestMatch.hint(key, known));
      }
    }
    return complete ? construct(type, components, values, table) : defaults;
  }

  private @Nullable Object convert(
      Type type, Object value, ConfigTable.Place place, @Nullable Object defaults) {
    if (type instanceof ParameterizedType generic) {
      return convertGeneric(generic, value, place, defaults);
    }
    Class<?> wanted = (Class<?>) type;
    if (wanted == Object.class) {
      return plain(value);
    }
    if (wanted == ConfigTable.class || wanted.isRecord()) {
      if (!(value instanceof ConfigTable table)) {
        return mismatch(place, "a table", value);
      }
      return wanted == ConfigTable.class ? table : bindNested(table, wanted, defaults);
    }
    if (wanted == boolean.class || wanted == Boolean.class) {
      return value instanceof Boolean ? value : mismatch(place, "true or false", value);
    }
    if (wanted == int.class || wanted == Integer.class) {
      return integer(value, Integer.MAX_VALUE, place);
    }
    if (wanted == long.class || wanted == Long.class) {
      return integer(value, Long.MAX_VALUE, place);
    }
    if (wanted == double.class || wanted == Double.class) {
      return value instanceof Number number
          ? (Object) number.doubleValue()
          : mismatch(place, "a number", value);
    }
    if (!(value instanceof String text)) {
      return mismatch(place, expectedText(wanted), value);
    }
    return text(wanted, text, place);
  }

  private @Nullable Object integer(Object value, long largest, ConfigTable.Place place) {
    if (!(value instanceof Long number)) {
      return mismatch(place, "an integer", value);
    }
    if (largest == Long.MAX_VALUE) {
      return number;
    }
    if (number != number.intValue()) {
      problems.add(place + ": " + number + " is too large");
      return null;
    }
    return number.intValue();
  }

  private @Nullable Object text(Class<?> wanted, String text, ConfigTable.Place place) {
    if (wanted == String.class) {
      return text;
    }
    if (wanted == Path.class) {
      try {
        return Path.of(text);
      } catch (InvalidPathException e) {
        problems.add(place + ": \"" + text + "\" is not a path: " + e.getReason());
        return null;
      }
    }
    if (wanted == Duration.class) {
      Duration duration = Durations.parse(text);
      return duration == null ? mismatch(place, expectedText(wanted), text) : duration;
    }
    if (wanted.isEnum()) {
      for (Object constant : wanted.getEnumConstants()) {
        if (enumName(constant).equals(text)) {
          return constant;
        }
      }
      problems.add(
          place
              + ": \""
              + text
              + "\" is none of "
              + String.join(", ", enumNames(wanted))
              + NearestMatch.hint(text, enumNames(wanted)));
      return null;
    }
    throw new IllegalArgumentException("no configuration key can be of type " + wanted.getName());
  }

  private static String expectedText(Class<?> wanted) {
    if (wanted == Duration.class) {
      return "a duration such as \"10s\" or \"500ms\"";
    }
    if (wanted == Path.class) {
      return "a path as a string";
    }
    return wanted.isEnum() ? "one of " + String.join(", ", enumNames(wanted)) : "a string";
  }

  private @Nullable Object convertGeneric(
      ParameterizedType type, Object value, ConfigTable.Place place, @Nullable Object defaults) {
    Type[] arguments = type.getActualTypeArguments();
    if (type.getRawType() == List.class) {
      if (value instanceof ConfigTable) {
        return mismatch(place, "an array", value);
      }
      List<?> elements = value instanceof List<?> list ? list : List.of(value);
      List<Object> converted = new ArrayList<>();
      for (Object element : elements) {
        Object one = convert(arguments[0], element, place, declaredDefault(arguments[0]));
        if (one == null) {
          return null;
        }
        converted.add(one);
      }
      return List.copyOf(converted);
    }
    if (type.getRawType() == Map.class && arguments[0] == String.class) {
      if (!(value instanceof ConfigTable table)) {
        return mismatch(place, "a table", value);
      }
      return map(table, arguments[1], defaults);
    }
    throw new IllegalArgumentException("no configuration key can be of type " + type);
  }

  private @Nullable Map<String, Object> map(
      ConfigTable table, Type valueType, @Nullable Object defaults) {
    Map<String, Object> converted = new LinkedHashMap<>();
    if (defaults instanceof Map<?, ?> map) {
      map.forEach((key, value) -> converted.put((String) key, value));
    }
    boolean complete = true;
    for (String key : table.keys().stream().sorted().toList()) {
      ConfigTable.Entry entry = table.get(key);
      Object otherwise = converted.getOrDefault(key, declaredDefault(valueType));
      Object one =
          entry == null ? null : convert(valueType, entry.value(), entry.place(), otherwise);
      if (one == null) {
        complete = false;
      } else {
        converted.put(key, one);
      }
    }
    return complete ? converted : null;
  }

  private <R extends Record> @Nullable Object bindNested(
      ConfigTable table, Class<?> type, @Nullable Object defaults) {
    @SuppressWarnings("unchecked")
    Class<R> record = (Class<R>) type;
    return bind(table, record, record.cast(defaults), Set.of());
  }

  /** The static field DEFAULT of a record type, or null. */
  private static @Nullable Object declaredDefault(Type type) {
    if (!(type instanceof Class<?> record) || !record.isRecord()) {
      return null;
    }
    try {
      Field field = record.getDeclaredField("DEFAULT");
      if (!Modifier.isStatic(field.getModifiers()) || field.getType() != record) {
        return null;
      }
      field.setAccessible(true);
      return field.get(null);
    } catch (NoSuchFieldException e) {
      return null;
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }

  private <R extends Record> @Nullable R construct(
      Class<R> type, RecordComponent[] components, @Nullable Object[] values, ConfigTable table) {
    try {
      Constructor<R> constructor =
          type.getDeclaredConstructor(
              Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
      constructor.setAccessible(true);
      return constructor.newInstance(values);
    } catch (InvocationTargetException e) {
      Throwable cause = e.getCause();
      if (cause instanceof DaemonException || cause instanceof IllegalArgumentException) {
        problems.add(table.place() + ": " + cause.getMessage());
        return null;
      }
      throw new IllegalStateException(type.getName() + ": " + cause, cause);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(type.getName() + ": " + e, e);
    }
  }

  static @Nullable Object read(RecordComponent component, Record record) {
    try {
      component.getAccessor().setAccessible(true);
      return component.getAccessor().invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(record.getClass().getName() + ": " + e, e);
    }
  }

  private @Nullable Object mismatch(ConfigTable.Place place, String expected, Object found) {
    problems.add(place + ": expected " + expected + ", found " + describe(found));
    return null;
  }

  private static String describe(Object value) {
    return switch (value) {
      case String text -> "the string \"" + text + "\"";
      case Long number -> "the integer " + number;
      case Double number -> "the number " + number;
      case Boolean flag -> flag.toString();
      case List<?> list -> "an array";
      case ConfigTable table -> "a table";
      default -> value.toString();
    };
  }

  private static Object plain(Object value) {
    return switch (value) {
      case ConfigTable table -> {
        Map<String, Object> values = new LinkedHashMap<>();
        for (String key : table.keys()) {
          ConfigTable.Entry entry = table.get(key);
          if (entry != null) {
            values.put(key, plain(entry.value()));
          }
        }
        yield Map.copyOf(values);
      }
      case List<?> list -> list.stream().map(RecordBinder::plain).toList();
      default -> value;
    };
  }

  /** {@code configPath} to {@code config_path}. */
  static String snakeCase(String name) {
    StringBuilder snake = new StringBuilder();
    for (char c : name.toCharArray()) {
      if (Character.isUpperCase(c)) {
        snake.append('_');
      }
      snake.append(Character.toLowerCase(c));
    }
    return snake.toString();
  }

  static String enumName(Object constant) {
    return ((Enum<?>) constant).name().toLowerCase(Locale.ROOT);
  }

  private static List<String> enumNames(Class<?> type) {
    return Arrays.stream(type.getEnumConstants()).map(RecordBinder::enumName).toList();
  }
}
