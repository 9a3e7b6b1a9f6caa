package com.example.jsonlog;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.logs.LogDriver;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.Description;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import java.nio.file.Path;
import java.util.List;

/** Makes the log driver {@code dev.carafe.log-driver.v1.json-lines}. */
@CarafePlugin
public final class JsonLinesFactory implements PluginFactory<LogDriver, JsonLinesFactory.Config> {
  /** The table {@code [plugins."dev.carafe.log-driver.v1.json-lines"]}. */
  public record Config(
      @Description("Where the files are; empty for the plugin's own directory.") String directory) {
    public Config {
      if (!directory.isEmpty() && !directory.startsWith("/")) {
        throw new InvalidArgumentException("directory: \"" + directory + "\" is not absolute");
      }
    }
  }

  @Override
  public PluginDeclaration<LogDriver, Config> declaration() {
    return new PluginDeclaration<>(
        PluginTypes.LOG_DRIVER, "json-lines", List.of(), /* essential= */ false, new Config(""));
  }

  @Override
  public LogDriver create(PluginContext context, Config config) {
    Path directory = config.directory().isEmpty() ? context.root() : Path.of(config.directory());
    context.export("directory", directory.toString());
    return new JsonLines(directory);
  }
}
