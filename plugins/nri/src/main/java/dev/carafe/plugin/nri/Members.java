package dev.carafe.plugin.nri;

import dev.carafe.oci.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Members of JSON objects that are changed in place. */
final class Members {
  private Members() {}

  static Map<String, Object> map(String name, Object value) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put(name, value);
    return map;
  }

  /** The object of that name, made if it is not there. */
  @SuppressWarnings("unchecked") // Objects that were read from JSON have text as keys.
  static Map<String, Object> child(Map<String, Object> parent, String name) {
    if (parent.get(name) instanceof Map<?, ?> present) {
      return (Map<String, Object>) present;
    }
    Map<String, Object> made = new LinkedHashMap<>();
    parent.put(name, made);
    return made;
  }

  /** The list of that name, made if it is not there. */
  @SuppressWarnings("unchecked")
  static List<Object> list(Map<String, Object> parent, String name) {
    if (parent.get(name) instanceof List<?> present) {
      return (List<Object>) present;
    }
    List<Object> made = new ArrayList<>();
    parent.put(name, made);
    return made;
  }

  /** Removes the objects that have {@code value} as their member {@code key}. */
  static void remove(List<Object> objects, String key, Object value) {
    objects.removeIf(one -> one instanceof Map<?, ?> map && value.equals(map.get(key)));
  }

  /** Adds an object, in place of one that has the same value of {@code key}. */
  static void replace(List<Object> objects, String key, Object object) {
    if (object instanceof Map<?, ?> map) {
      remove(objects, key, Objects.requireNonNullElse(map.get(key), ""));
    }
    objects.add(object);
  }

  /** A number without a sign, as its 64 bits. */
  static long bits(JsonObject json, String name) {
    return json.members().get(name) instanceof Number number ? number.longValue() : 0;
  }
}
