package dev.carafe.integration.plugins;

import dev.carafe.host.PluginHost;
import dev.carafe.host.PluginStatus;
import dev.carafe.host.config.ConfigLoader;
import dev.carafe.host.config.DaemonConfig;
import dev.carafe.spi.events.Envelope;
import dev.carafe.spi.events.Event;
import dev.carafe.spi.events.EventBus;
import dev.carafe.spi.plugins.PluginTypes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A plugin directory, and a host on it. */
abstract class PluginTestCase {
  @TempDir Path directory;
  Path plugins = Path.of("/");
  private int jars;

  @BeforeEach
  void makeDirectories() throws IOException {
    plugins = Files.createDirectory(directory.resolve("plugins"));
  }

  PluginJar jar() throws IOException {
    return new PluginJar(Files.createDirectory(directory.resolve("work" + jars++)));
  }

  Path install(String file, BusSource source) throws IOException {
    return jar().source(source.className(), source.code()).build(plugins.resolve(file));
  }

  PluginHost start(String... toml) throws IOException {
    Path file = directory.resolve("config.toml");
    Files.writeString(
        file,
        "plugin_dirs = [\"%s\"]\n%s\n[plugin_limits]\ncreate_seconds = 2\nclose_seconds = 1\n"
            .formatted(plugins, String.join("\n", toml)));
    return PluginHost.start(config());
  }

  /** The configuration as it is in the file now. */
  DaemonConfig config() throws IOException {
    return ConfigLoader.load(
        new ConfigLoader.Flags(
            directory.resolve("config.toml"),
            directory.resolve("root"),
            directory.resolve("state"),
            null));
  }

  static PluginStatus status(PluginHost host, String id) {
    return host.graph().plugins().stream()
        .filter(plugin -> plugin.id().equals(id))
        .findFirst()
        .orElseThrow(() -> new AssertionError(id + " is not among " + host.graph().plugins()));
  }

  static String export(PluginHost host, String id, String key) {
    return status(host, id).exports().getOrDefault(key, "(nothing)");
  }

  static EventBus bus(PluginHost host, String id) {
    return host.find(PluginTypes.EVENT_BUS, id).orElseThrow();
  }

  static Envelope event() {
    Event event = new Event.ImageDeleted("x");
    return new Envelope(Instant.EPOCH, "n", event.topic(), event);
  }
}
