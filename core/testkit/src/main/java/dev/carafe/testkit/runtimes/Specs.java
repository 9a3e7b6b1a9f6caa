package dev.carafe.testkit.runtimes;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;

/** Runtime specifications for tests. */
public final class Specs {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String BASE =
      """
      {
        "ociVersion": "1.0.2",
        "process": {
          "user": {"uid": 0, "gid": 0},
          "args": [],
          "env": ["PATH=/bin", "TERM=dumb"],
          "cwd": "/",
          "capabilities": {
            "bounding": ["CAP_KILL", "CAP_SETUID", "CAP_SETGID"],
            "effective": ["CAP_KILL", "CAP_SETUID", "CAP_SETGID"],
            "permitted": ["CAP_KILL", "CAP_SETUID", "CAP_SETGID"]
          },
          "noNewPrivileges": true
        },
        "root": {"path": "rootfs"},
        "hostname": "box",
        "mounts": [
          {"destination": "/proc", "type": "proc", "source": "proc"},
          {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
           "options": ["nosuid", "mode=755", "size=65536k"]},
          {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
           "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]},
          {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
           "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]}
        ],
        "linux": {
          "namespaces": [
            {"type": "pid"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"},
            {"type": "network"}
          ],
          "resources": {"devices": [{"allow": false, "access": "rwm"}]}
        }
      }
      """;

  private Specs() {}

  /** A container that runs {@code args}. */
  public static byte[] container(
      String cgroupsPath, List<String> args, Consumer<ObjectNode> change) {
    ObjectNode spec = parse(BASE);
    strings((ObjectNode) spec.path("process"), "args", args);
    ((ObjectNode) spec.path("linux")).put("cgroupsPath", cgroupsPath);
    change.accept(spec);
    return bytes(spec);
  }

  /** A further process. */
  public static byte[] process(List<String> args) {
    var process = (ObjectNode) parse(BASE).path("process");
    strings(process, "args", args);
    return bytes(process);
  }

  /** Leaves the container in the machine's pid namespace. */
  public static void hostPids(ObjectNode spec) {
    ArrayNode namespaces = (ArrayNode) spec.path("linux").path("namespaces");
    for (int i = namespaces.size() - 1; i >= 0; i--) {
      if (namespaces.get(i).path("type").asText().equals("pid")) {
        namespaces.remove(i);
      }
    }
  }

  public static Consumer<ObjectNode> memoryLimit(long bytes) {
    return spec ->
        ((ObjectNode) spec.path("linux").path("resources")).putObject("memory").put("limit", bytes);
  }

  public static ObjectNode parse(String json) {
    try {
      return (ObjectNode) JSON.readTree(json);
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
  }

  public static byte[] bytes(ObjectNode node) {
    return node.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void strings(ObjectNode node, String name, List<String> values) {
    ArrayNode array = node.putArray(name);
    values.forEach(array::add);
  }
}
