package dev.carafe.plugin.images.archive;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.io.IOException;
import java.io.UncheckedIOException;

/** JSON documents of archives, bounded in depth and length. */
final class Json {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  static {
    MAPPER
        .getFactory()
        .setStreamReadConstraints(
            StreamReadConstraints.builder()
                .maxNestingDepth(64)
                .maxDocumentLength(ArchiveReader.JSON_LIMIT)
                .maxNumberLength(64)
                .build());
  }

  private Json() {}

  static JsonNode read(String what, byte[] bytes) {
    try {
      JsonNode document = MAPPER.readTree(bytes);
      if (document != null && !document.isMissingNode()) {
        return document;
      }
    } catch (IOException e) {
      throw new InvalidArgumentException("image archive: " + what + " is not JSON", e);
    }
    throw new InvalidArgumentException("image archive: " + what + " is empty");
  }

  static JsonNode object(String what, byte[] bytes) {
    JsonNode document = read(what, bytes);
    if (!document.isObject()) {
      throw new InvalidArgumentException("image archive: " + what + " is not an object");
    }
    return document;
  }

  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  static ArrayNode array() {
    return MAPPER.createArrayNode();
  }

  static byte[] bytes(JsonNode document) {
    try {
      return MAPPER.writeValueAsBytes(document);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }
}
