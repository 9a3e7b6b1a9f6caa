package dev.carafe.host.config;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.Description;
import dev.carafe.spi.runtimes.RuntimeOptions;
import java.util.HashMap;
import java.util.Map;

/** One way to run containers, under the name of its table. */
public record RuntimeHandler(
    @Description(
            "What runs the containers: empty for an OCI command line runtime, \"shim-v2\" for a"
                + " containerd shim, \"v2\" for a plugin in a jar.")
        String version,
    @Description("The OCI command line runtime: a name on the PATH, or a path.") String binary,
    @Description("The containerd shim, for example io.containerd.kata.v2.") String shim,
    @Description("The jar of a runtime plugin; loaded like those of plugin_dirs.") String plugin,
    @Description("Further options, by their names in containerd's runtime options.")
        Map<String, Object> options) {
  /** runc, as an OCI command line runtime. */
  public static final RuntimeHandler DEFAULT = new RuntimeHandler("", "runc", "", "", Map.of());

  public RuntimeHandler {
    options = Map.copyOf(options);
    switch (version) {
      case "" -> {
        requireEmpty("shim", shim, version);
        requireEmpty("plugin", plugin, version);
      }
      case "shim-v2" -> {
        requireEmpty("plugin", plugin, version);
        if (shim.isEmpty()) {
          throw new InvalidArgumentException("shim: must be set where version is \"shim-v2\"");
        }
      }
      case "v2" -> {
        requireEmpty("shim", shim, version);
        if (!plugin.startsWith("/")) {
          throw new InvalidArgumentException(
              "plugin: must be the absolute path of a jar where version is \"v2\"");
        }
      }
      default ->
          throw new InvalidArgumentException(
              "version: \"" + version + "\" is none of \"\", \"shim-v2\", \"v2\"");
    }
  }

  /** What the runtime is handed with every task of this handler. */
  public RuntimeOptions runtimeOptions() {
    Map<String, Object> values = new HashMap<>(options);
    if (!binary.isEmpty() && version.isEmpty()) {
      values.putIfAbsent("binary_name", binary);
    }
    return new RuntimeOptions(values);
  }

  private static void requireEmpty(String key, String value, String version) {
    if (!value.isEmpty()) {
      throw new InvalidArgumentException(
          key + ": has no meaning where version is \"" + version + "\"");
    }
  }
}
