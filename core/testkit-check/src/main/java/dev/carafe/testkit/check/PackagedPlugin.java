package dev.carafe.testkit.check;

import dev.carafe.host.PluginHost;
import dev.carafe.host.PluginStatus;
import dev.carafe.host.config.ConfigLoader;
import dev.carafe.host.config.DaemonConfig;
import dev.carafe.spi.plugins.PluginType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A jar that the daemon's host opens, over and over, each time with a graph of its own.
 *
 * @param config keys and values of the plugin's table
 */
record PackagedPlugin(Path jar, Map<String, String> config) {
  private static final Pattern KEY = Pattern.compile("[a-z0-9_]{1,64}");
  private static final Pattern TOML =
      Pattern.compile("true|false|[+-]?[0-9]+(\\.[0-9]+)?|[\\[\"'].*", Pattern.DOTALL);

  /** Starts a host over {@code work} with the jar's plugins and nothing else. */
  PluginHost host(Path work) {
    return PluginHost.examine(configuration(work, ""), jar);
  }

  /**
   * One plugin, made over {@code root} by a host of its own. What is returned is what the daemon
   * would call: guarded. Closing it closes the host.
   */
  <T> T open(Path root, PluginType<T> type, String id) {
    String uri = type.name() + "." + id;
    PluginHost host = PluginHost.examine(configuration(root, uri), jar);
    T plugin =
        host.find(type, id)
            .orElseThrow(() -> {
              String error = error(host, uri);
              host.close();
              return new AssertionError(uri + " does not start: " + error);
            });
    Object closing =
        Proxy.newProxyInstance(
            PackagedPlugin.class.getClassLoader(),
            new Class<?>[] {type.contract(), AutoCloseable.class},
            (_, method, arguments) -> {
              if (method.getName().equals("close") && method.getParameterCount() == 0) {
                host.close();
                return null;
              }
              try {
                return method.invoke(plugin, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
    return type.contract().cast(closing);
  }

  private static String error(PluginHost host, String uri) {
    return host.graph().plugins().stream()
        .filter(status -> status.uri().equals(uri))
        .map(PluginStatus::error)
        .map(String::valueOf)
        .findFirst()
        .orElse("the jar does not bring it");
  }

  private DaemonConfig configuration(Path root, String uri) {
    StringBuilder text = new StringBuilder("plugin_dirs = []\n");
    if (!uri.isEmpty()) {
      text.append("[plugins.\"").append(uri).append("\"]\n");
      config.forEach((key, value) -> {
        if (!KEY.matcher(key).matches()) {
          throw new UsageException("--config: \"" + key + "\" is not of the form " + KEY);
        }
        text.append(key).append(" = ").append(toml(value)).append('\n');
      });
    }
    try {
      Path file = Files.createTempFile("carafe-testkit-", ".toml");
      try {
        Files.writeString(file, text);
        return ConfigLoader.load(
            new ConfigLoader.Flags(
                file, root.resolve("root"), root.resolve("state"), Path.of("/run/carafe-none")));
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String toml(String value) {
    return TOML.matcher(value).matches()
        ? value
        : "\"" + value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
  }
}
