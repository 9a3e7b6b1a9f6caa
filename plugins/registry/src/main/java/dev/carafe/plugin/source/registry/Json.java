package dev.carafe.plugin.source.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.Optional;

/** Reads JSON that servers send. Depth and lengths are bounded by Jackson's own limits. */
final class Json {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private Json() {}

  /** The document, or nothing if the bytes are none. */
  static Optional<JsonNode> read(byte[] bytes) {
    try {
      JsonNode document = MAPPER.readTree(bytes);
      return document == null || document.isMissingNode()
          ? Optional.empty()
          : Optional.of(document);
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
