package dev.carafe.plugin.proxy.testing;

import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginType;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** A context whose plugins were put into it by hand. */
public final class TestContext implements PluginContext {
  private final Path directory;
  private final Map<String, Map<String, Object>> plugins = new TreeMap<>();

  public TestContext(Path directory) {
    this.directory = directory;
  }

  public <T> TestContext with(PluginType<T> type, String id, T plugin) {
    plugins.computeIfAbsent(type.name(), _ -> new TreeMap<>()).put(id, plugin);
    return this;
  }

  @Override
  public Path root() {
    return directory;
  }

  @Override
  public Path state() {
    return directory;
  }

  @Override
  public <T> T require(PluginType<T> type) {
    return requireAll(type).values().iterator().next();
  }

  @Override
  public <T> Map<String, T> requireAll(PluginType<T> type) {
    Map<String, T> found = new TreeMap<>();
    plugins
        .getOrDefault(type.name(), Map.of())
        .forEach((id, plugin) -> found.put(id, type.contract().cast(plugin)));
    if (found.isEmpty()) {
      throw new FailedPreconditionException("no " + type.name());
    }
    return found;
  }

  @Override
  public void capability(String name) {}

  @Override
  public void export(String key, String value) {}
}
