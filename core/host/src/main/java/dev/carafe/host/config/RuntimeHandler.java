package dev.carafe.host.config;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.Description;
import java.util.LinkedHashMap;
import java.util.Map;

/** One way to run containers, under the name of its table. */
public record RuntimeHandler(
    @Description(
            "What runs the containers: empty for an OCI command line runtime, \"shim-v2\" for a"
                + " containerd shim, \"v2\" for a plugin in a jar.")
        String version,
    @Description("The OCI command line runtime: a name on the PATH, or a path.") String binary,
    @Description("The containerd shim, for example io.containerd.kata.v2.") String shim,
    @Description(
            "A runtime plugin: the path of its jar, which is loaded like those in plugin_dirs, or"
                + " the id of one that is there anyway.")
        String plugin,
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
        if (plugin.isEmpty() || (!plugin.startsWith("/") && plugin.contains("/"))) {
          throw new InvalidArgumentException(
              "plugin: must be the absolute path of a jar or the id of a runtime plugin where"
                  + " version is \"v2\"");
        }
      }
      default ->
          throw new InvalidArgumentException(
              "version: \"" + version + "\" is none of \"\", \"shim-v2\", \"v2\"");
    }
  }

  /** The jar of the handler's plugin, or the empty string if it names none. */
  public String jar() {
    return plugin.startsWith("/") ? plugin : "";
  }

  /**
   * The handler as the task service's plugin reads it: a runtime plugin's id, and options for it.
   *
   * @param pluginId of the plugin in {@link #jar}; used only if there is one
   */
  ConfigTable forTaskService(String name, String pluginId) {
    Map<String, Object> values = new LinkedHashMap<>();
    Map<String, Object> allOptions = new LinkedHashMap<>(options);
    switch (version) {
      case "shim-v2" -> {
        values.put("version", "v2");
        values.put("plugin", "shim");
        allOptions.putIfAbsent("shim", shim);
      }
      case "v2" -> {
        values.put("version", "v2");
        values.put("plugin", jar().isEmpty() ? plugin : pluginId);
      }
      default -> values.put("binary", binary);
    }
    values.put("options", allOptions);
    return ConfigTable.of("[runtimes]", name, values);
  }

  private static void requireEmpty(String key, String value, String version) {
    if (!value.isEmpty()) {
      throw new InvalidArgumentException(
          key + ": has no meaning where version is \"" + version + "\"");
    }
  }
}
