package dev.carafe.oci;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An object of a JSON document with typed access: an absent member reads as empty, one of the wrong
 * type is an error that names the path.
 *
 * @param path what and where, for messages
 */
public record JsonObject(String path, Map<String, Object> members) {
  public boolean has(String name) {
    return members.containsKey(name);
  }

  public String text(String name) {
    return typed(name, String.class, "");
  }

  public boolean flag(String name) {
    return typed(name, Boolean.class, Boolean.FALSE);
  }

  public long number(String name, long otherwise) {
    return typed(name, Long.class, otherwise);
  }

  public JsonObject object(String name) {
    @SuppressWarnings("unchecked")
    Map<String, Object> object = typed(name, Map.class, Map.of());
    return new JsonObject(path + "." + name, object);
  }

  public List<JsonObject> objects(String name) {
    List<JsonObject> objects = new ArrayList<>();
    for (Object element : typed(name, List.class, List.of())) {
      if (!(element instanceof Map<?, ?>)) {
        throw wrong(name + "[" + objects.size() + "]", "an object");
      }
      @SuppressWarnings("unchecked")
      Map<String, Object> map = (Map<String, Object>) element;
      objects.add(new JsonObject(path + "." + name + "[" + objects.size() + "]", map));
    }
    return objects;
  }

  public List<String> texts(String name) {
    List<String> texts = new ArrayList<>();
    for (Object element : typed(name, List.class, List.of())) {
      if (!(element instanceof String text)) {
        throw wrong(name + "[" + texts.size() + "]", "a string");
      }
      texts.add(text);
    }
    return texts;
  }

  /** A map of strings, in the document's order. */
  public Map<String, String> textMap(String name) {
    Map<String, String> map = new LinkedHashMap<>();
    object(name)
        .members()
        .forEach((key, value) -> {
          if (!(value instanceof String text)) {
            throw wrong(name + "." + key, "a string");
          }
          map.put(key, text);
        });
    return map;
  }

  private <T> T typed(String name, Class<T> type, T otherwise) {
    Object value = members.get(name);
    if (value == null) {
      return otherwise;
    }
    if (!type.isInstance(value)) {
      String expected =
          type == String.class
              ? "a string"
              : type == Long.class
                  ? "a number"
                  : type == Boolean.class
                      ? "true or false"
                      : type == List.class ? "a list" : "an object";
      throw wrong(name, expected);
    }
    return type.cast(value);
  }

  private InvalidArgumentException wrong(String name, String expected) {
    return new InvalidArgumentException(path + "." + name + " is not " + expected);
  }
}
