package dev.carafe.plugin.runtime.wasm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** JSON from outside; Jackson bounds its depth, and the length of its texts and numbers. */
final class Json {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final int MOST_BYTES = 16 << 20;
  private static final int MOST_TEXTS = 65_536;

  private Json() {}

  static ObjectNode object(byte[] json, String what) {
    if (json.length > MOST_BYTES) {
      throw new InvalidArgumentException(what + ": larger than " + MOST_BYTES + " bytes");
    }
    try {
      if (MAPPER.readTree(json) instanceof ObjectNode object) {
        return object;
      }
      throw new InvalidArgumentException(what + ": not a JSON object");
    } catch (IOException e) {
      throw new InvalidArgumentException(what + ": " + e.getMessage(), e);
    }
  }

  static ObjectNode newObject() {
    return MAPPER.createObjectNode();
  }

  static byte[] bytes(JsonNode node) {
    return node.toString().getBytes(StandardCharsets.UTF_8);
  }

  static List<String> texts(JsonNode array, String what) {
    List<String> texts = new ArrayList<>();
    for (JsonNode text : array) {
      if (!text.isTextual() || text.asText().indexOf(0) >= 0 || texts.size() == MOST_TEXTS) {
        throw new InvalidArgumentException(what + ": not a list of texts");
      }
      texts.add(text.asText());
    }
    return List.copyOf(texts);
  }
}
