package dev.carafe.testkit.runtimes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The wire's messages, to compare statistics with: each name must exist and have its type. */
public final class WireTable {
  private final Map<String, Map<String, String>> messages = new HashMap<>();

  public WireTable(String resource) throws IOException {
    try (var in = WireTable.class.getResourceAsStream(resource)) {
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
        String[] parts = line.split("\t", -1);
        if (parts[0].equals("field")) {
          messages.computeIfAbsent(parts[1], _ -> new HashMap<>()).put(parts[2], parts[4]);
        }
      }
    }
  }

  public void check(String message, Map<String, Object> values) {
    Map<String, String> fields = messages.get(message);
    assertNotNull(fields, message);
    values.forEach((name, value) -> checkField(message + "." + name, fields.get(name), value));
  }

  @SuppressWarnings("unchecked")
  private void checkField(String where, @Nullable String type, Object value) {
    if (type == null) {
      throw new AssertionError(where + " is not in the table");
    }
    if (type.startsWith("repeated ")) {
      String element = type.substring("repeated ".length());
      assertInstanceOf(List.class, value, where);
      ((List<Object>) value).forEach(one -> checkField(where, element, one));
      return;
    }
    switch (type) {
      case "uint64", "uint32" -> assertEquals(Long.class, value.getClass(), where);
      case "double" -> assertEquals(Double.class, value.getClass(), where);
      case "string" -> assertEquals(String.class, value.getClass(), where);
      default -> {
        assertInstanceOf(Map.class, value, where);
        check(type, (Map<String, Object>) value);
      }
    }
  }
}
