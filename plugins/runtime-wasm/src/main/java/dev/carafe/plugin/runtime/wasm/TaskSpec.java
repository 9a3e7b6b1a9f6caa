package dev.carafe.plugin.runtime.wasm;

import com.fasterxml.jackson.databind.JsonNode;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.mounts.Mount;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a runtime specification asks of a module. What it says of namespaces, capabilities, seccomp
 * and the like is about system calls, and a module has none; what a module would be wrongly free
 * of, its user and its hooks, is refused.
 *
 * @param root path of a prepared root, or of the one that is mounted; below the bundle if relative
 * @param memory bytes, or 0 without a limit
 */
record TaskSpec(
    List<String> args,
    Map<String, String> environment,
    String directory,
    String root,
    boolean readOnly,
    List<Mount> mounts,
    long memory,
    CpuLimits cpu) {
  private static final List<String> OF_THE_KERNEL = List.of("/proc", "/sys", "/dev");

  /**
   * Reads {@code config.json}.
   *
   * @throws InvalidArgumentException if it is none
   * @throws UnimplementedException if it wants what a module cannot be given
   */
  static TaskSpec of(byte[] json) {
    JsonNode spec = Json.object(json, "specification");
    JsonNode process = spec.path("process");
    List<String> args = Json.texts(process.path("args"), "process.args");
    if (args.isEmpty() || args.getFirst().isEmpty()) {
      throw new InvalidArgumentException("process.args: names no module");
    }
    refuse(spec, process);
    JsonNode resources = spec.path("linux").path("resources");
    return new TaskSpec(
        args,
        environment(process),
        process.path("cwd").asText("/"),
        spec.path("root").path("path").asText("rootfs"),
        spec.path("root").path("readonly").asBoolean(false),
        mounts(spec.path("mounts")),
        Math.max(0, resources.path("memory").path("limit").asLong(0)),
        CpuLimits.of(cpuSeconds(process), resources.path("cpu")));
  }

  /** The same with other limits of processor time. */
  TaskSpec with(CpuLimits limits) {
    return new TaskSpec(args, environment, directory, root, readOnly, mounts, memory, limits);
  }

  private static void refuse(JsonNode spec, JsonNode process) {
    if (process.path("terminal").asBoolean(false)) {
      throw new UnimplementedException("terminal: a WebAssembly task has none");
    }
    JsonNode user = process.path("user");
    if (user.path("uid").asLong(0) != 0 || user.path("gid").asLong(0) != 0) {
      throw new UnimplementedException(
          "process.user "
              + user.path("uid").asLong(0)
              + ":"
              + user.path("gid").asLong(0)
              + ": a WebAssembly task's files are root's; run it as 0:0");
    }
    for (JsonNode hooks : spec.path("hooks")) {
      if (!hooks.isEmpty()) {
        throw new UnimplementedException("hooks: a WebAssembly task has no process to run them in");
      }
    }
  }

  private static Map<String, String> environment(JsonNode process) {
    Map<String, String> environment = new LinkedHashMap<>();
    for (String variable : Json.texts(process.path("env"), "process.env")) {
      int equals = variable.indexOf('=');
      if (equals > 0) {
        environment.put(variable.substring(0, equals), variable.substring(equals + 1));
      }
    }
    return environment;
  }

  private static long cpuSeconds(JsonNode process) {
    for (JsonNode limit : process.path("rlimits")) {
      JsonNode soft = limit.path("soft");
      // Infinity is more than a long holds.
      if (limit.path("type").asText().equals("RLIMIT_CPU")
          && soft.canConvertToLong()
          && soft.asLong() >= 0) {
        return Math.max(1, soft.asLong());
      }
    }
    return 0;
  }

  /** Bind mounts and temporary file systems; what shows the kernel is left out. */
  private static List<Mount> mounts(JsonNode all) {
    List<Mount> mounts = new ArrayList<>();
    for (JsonNode mount : all) {
      String destination = mount.path("destination").asText();
      String source = mount.path("source").asText();
      List<String> options = Json.texts(mount.path("options"), "mounts.options");
      String type = mount.path("type").asText();
      boolean bind = type.equals("bind") || options.contains("bind") || options.contains("rbind");
      if (destination.isEmpty() || !destination.startsWith("/")) {
        throw new InvalidArgumentException("mount \"" + destination + "\": is not absolute");
      }
      if (bind) {
        mounts.add(new Mount("bind", source, destination, recursive(options)));
      } else if (type.equals("tmpfs") && !ofTheKernel(destination)) {
        mounts.add(new Mount("tmpfs", "tmpfs", destination, options));
      }
    }
    return List.copyOf(mounts);
  }

  private static List<String> recursive(List<String> options) {
    if (options.contains("bind") || options.contains("rbind")) {
      return options;
    }
    List<String> more = new ArrayList<>(options);
    more.addFirst("rbind");
    return more;
  }

  private static boolean ofTheKernel(String destination) {
    Path path = Path.of(destination).normalize();
    return OF_THE_KERNEL.stream().anyMatch(path::startsWith);
  }
}
