package dev.carafe.host.config;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.Description;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A program that layers are sent through, under the name of its table; keys are containerd's. */
public record StreamProcessor(
    @Description("Media types of layers that it takes; no two processors may take the same.")
        List<String> accepts,
    @Description("Media type of what it puts out.") String returns,
    @Description("The program: a name on the PATH, or an absolute path.") String path,
    @Description("Its arguments.") List<String> args,
    @Description("Variables beyond the daemon's own environment, each as NAME=value.")
        List<String> env) {
  static final StreamProcessor DEFAULT =
      new StreamProcessor(List.of(), "", "", List.of(), List.of());

  public StreamProcessor {
    accepts = List.copyOf(accepts);
    args = List.copyOf(args);
    env = List.copyOf(env);
    if (accepts.contains(returns) && !returns.isEmpty()) {
      throw new InvalidArgumentException("returns: \"" + returns + "\" is what it accepts");
    }
    if (path.contains("/") && !path.startsWith("/")) {
      throw new InvalidArgumentException(
          "path: \"" + path + "\" is neither a name nor an absolute path");
    }
    for (String variable : env) {
      if (variable.indexOf('=') < 1) {
        throw new InvalidArgumentException("env: \"" + variable + "\" is not NAME=value");
      }
    }
  }

  /** What must be said, was not, and has no default. */
  Optional<String> incomplete(String id) {
    String missing =
        path.isEmpty()
            ? "path"
            : returns.isEmpty() ? "returns" : accepts.isEmpty() ? "accepts" : "";
    return missing.isEmpty()
        ? Optional.empty()
        : Optional.of("stream_processors.\"" + id + "\": key \"" + missing + "\" is missing");
  }

  /** As the plugin reads it. */
  Map<String, Object> forPlugin() {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("accepts", accepts);
    values.put("returns", returns);
    values.put("path", path);
    values.put("args", args);
    values.put("env", env);
    return values;
  }
}
