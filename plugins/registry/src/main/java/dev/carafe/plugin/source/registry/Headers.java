package dev.carafe.plugin.source.registry;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/** HTTP header fields: names without regard to case, several values each, in order. */
final class Headers {
  static final Headers NONE = new Headers(Map.of());

  private final Map<String, List<String>> fields = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

  private Headers(Map<String, List<String>> fields) {
    fields.forEach((name, values) -> this.fields.put(name, List.copyOf(values)));
  }

  static Builder builder() {
    return new Builder();
  }

  Optional<String> first(String name) {
    return all(name).stream().findFirst();
  }

  List<String> all(String name) {
    return fields.getOrDefault(name, List.of());
  }

  boolean isEmpty() {
    return fields.isEmpty();
  }

  void forEach(BiConsumer<String, String> action) {
    fields.forEach((name, values) -> values.forEach(value -> action.accept(name, value)));
  }

  /** Whether a field may be sent with this name: an RFC 9110 token. */
  static boolean isName(String name) {
    return !name.isEmpty()
        && name.length() <= 256
        && name.chars().allMatch(c -> c > ' ' && c < 127 && "\"(),/:;<=>?@[\\]{}".indexOf(c) < 0);
  }

  /** Whether a field may be sent with this value: nothing that could end it. */
  static boolean isValue(String value) {
    return value.length() <= 64 * 1024
        && value.chars().allMatch(c -> c == '\t' || (c >= ' ' && c != 127));
  }

  /** Names only: values may be secret. */
  @Override
  public String toString() {
    return fields.keySet().toString();
  }

  /** Collects fields; refuses what would break out of a field. */
  static final class Builder {
    private final Map<String, List<String>> fields = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

    Builder add(String name, String value) {
      if (!isName(name) || !isValue(value)) {
        throw new IllegalArgumentException("header \"" + Redaction.text(name) + "\" is not valid");
      }
      fields.computeIfAbsent(name, n -> new ArrayList<>()).add(value);
      return this;
    }

    /** Replaces what has the name. */
    Builder set(String name, String value) {
      fields.remove(name);
      return add(name, value);
    }

    /** Replaces all fields that {@code other} has too. */
    Builder setAll(Headers other) {
      other.fields.keySet().forEach(fields::remove);
      other.forEach(this::add);
      return this;
    }

    Headers build() {
      return new Headers(fields);
    }
  }
}
