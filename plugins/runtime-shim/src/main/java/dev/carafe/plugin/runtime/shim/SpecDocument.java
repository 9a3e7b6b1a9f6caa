package dev.carafe.plugin.runtime.shim;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.carafe.linux.OomScore;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.io.IOException;

/**
 * A runtime specification as it is written for a shim. The bytes stay as they came unless the
 * process says something else about its terminal than the request, or wants an OOM score that the
 * daemon may not give.
 *
 * @param rootGid host group of the container's root, or -1 without a user namespace
 */
record SpecDocument(byte[] json, long rootGid) {
  static SpecDocument of(byte[] json, boolean terminal) {
    ObjectNode spec = parse(json, "specification");
    boolean changed =
        spec.path("process") instanceof ObjectNode process && adapt(process, terminal);
    return new SpecDocument(changed ? ShimState.bytes(spec) : json, rootGid(spec.path("linux")));
  }

  /** A {@code process} object. */
  static byte[] process(byte[] json, boolean terminal) {
    ObjectNode process = parse(json, "process");
    return adapt(process, terminal) ? ShimState.bytes(process) : json;
  }

  /** A {@code linux.resources} object. */
  static byte[] resources(byte[] json) {
    parse(json, "resources");
    return json;
  }

  private static boolean adapt(ObjectNode process, boolean terminal) {
    boolean changed = false;
    if (process.path("terminal").asBoolean(false) != terminal) {
      process.put("terminal", terminal);
      changed = true;
    }
    JsonNode score = process.path("oomScoreAdj");
    if (score.isIntegralNumber() && score.asInt() < OomScore.floor()) {
      process.put("oomScoreAdj", OomScore.floor());
      changed = true;
    }
    return changed;
  }

  private static long rootGid(JsonNode linux) {
    for (JsonNode mapping : linux.path("gidMappings")) {
      if (mapping.path("containerID").asLong(-1) == 0) {
        return mapping.path("hostID").asLong(-1);
      }
    }
    return -1;
  }

  private static ObjectNode parse(byte[] json, String what) {
    try {
      if (ShimState.JSON.readTree(json) instanceof ObjectNode node) {
        return node;
      }
      throw new InvalidArgumentException(what + ": not a JSON object");
    } catch (IOException e) {
      throw new InvalidArgumentException(what + ": " + e.getMessage(), e);
    }
  }
}
