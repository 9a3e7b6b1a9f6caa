package dev.carafe.plugin.runtime.oci;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.io.IOException;

/**
 * A runtime specification, or a process of one, as it is written for the OCI runtime. The bytes
 * stay as they came unless something has to be changed.
 *
 * @param json what to write
 * @param plain whether start and deletion need nothing of the OCI runtime
 * @param ownPids whether the container has a pid namespace of its own
 * @param cgroupsPath {@code linux.cgroupsPath}, or empty
 * @param rootGid host group of the container's root, or -1 without a user namespace
 */
record Spec(byte[] json, boolean plain, boolean ownPids, String cgroupsPath, long rootGid) {

  /** Reads {@code config.json}. */
  static Spec of(byte[] json, boolean terminal, int oomFloor) {
    ObjectNode spec = parse(json, "specification");
    boolean changed =
        spec.path("process") instanceof ObjectNode process && adapt(process, terminal, oomFloor);
    JsonNode linux = spec.path("linux");
    JsonNode all = spec.path("hooks");
    boolean hooks = !all.path("poststart").isEmpty() || !all.path("poststop").isEmpty();
    boolean rdt = linux.hasNonNull("intelRdt");
    return new Spec(
        changed ? StateCodec.bytes(spec) : json,
        !hooks && !rdt,
        hasOwnPids(linux),
        linux.path("cgroupsPath").asText(""),
        rootGid(linux));
  }

  /** Reads a {@code process} object. */
  static byte[] process(byte[] json, boolean terminal, int oomFloor) {
    ObjectNode process = parse(json, "process");
    return adapt(process, terminal, oomFloor) ? StateCodec.bytes(process) : json;
  }

  /** Reads a {@code linux.resources} object. */
  static byte[] resources(byte[] json) {
    parse(json, "resources");
    return json;
  }

  /** Sets the size that a terminal begins with. */
  static byte[] withConsoleSize(byte[] process, int width, int height) {
    ObjectNode node = parse(process, "process");
    node.putObject("consoleSize").put("width", width).put("height", height);
    return StateCodec.bytes(node);
  }

  private static boolean adapt(ObjectNode process, boolean terminal, int oomFloor) {
    boolean changed = false;
    if (process.path("terminal").asBoolean(false) != terminal) {
      process.put("terminal", terminal);
      changed = true;
    }
    JsonNode score = process.path("oomScoreAdj");
    if (score.isIntegralNumber() && score.asInt() < oomFloor) {
      process.put("oomScoreAdj", oomFloor);
      changed = true;
    }
    return changed;
  }

  private static boolean hasOwnPids(JsonNode linux) {
    for (JsonNode namespace : linux.path("namespaces")) {
      if (namespace.path("type").asText().equals("pid")) {
        return namespace.path("path").asText("").isEmpty();
      }
    }
    return false;
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
      if (StateCodec.JSON.readTree(json) instanceof ObjectNode node) {
        return node;
      }
      throw new InvalidArgumentException(what + ": not a JSON object");
    } catch (IOException e) {
      throw new InvalidArgumentException(what + ": " + e.getMessage(), e);
    }
  }
}
