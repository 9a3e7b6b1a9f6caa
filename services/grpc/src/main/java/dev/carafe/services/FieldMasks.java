package dev.carafe.services;

import dev.carafe.engine.stores.Labels;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Field masks as containerd reads them: raw strings; what follows {@code labels.} is one key, dots
 * and slashes included. An empty value deletes.
 */
final class FieldMasks {
  private FieldMasks() {}

  /**
   * The labels after an update of an object whose only mutable part they are.
   *
   * @param mask empty for "replace all"
   */
  static Map<String, String> labels(
      String what, List<String> mask, Map<String, String> old, Map<String, String> update) {
    if (mask.isEmpty()) {
      return Labels.checked(update);
    }
    Map<String, String> next = new HashMap<>(old);
    for (String path : mask) {
      if (!applyMap("labels", path, next, update)) {
        throw new InvalidArgumentException("cannot update \"" + path + "\" field on " + what);
      }
    }
    return Labels.checked(next);
  }

  /** Applies {@code FIELD} or {@code FIELD.KEY}; returns whether the path was one of them. */
  static <V> boolean applyMap(
      String field, String path, Map<String, V> target, Map<String, V> update) {
    if (path.equals(field)) {
      target.clear();
      target.putAll(update);
      return true;
    }
    if (!path.startsWith(field + ".")) {
      return false;
    }
    String key = path.substring(field.length() + 1);
    V value = update.get(key);
    if (value == null) {
      target.remove(key);
    } else {
      target.put(key, value);
    }
    return true;
  }
}
