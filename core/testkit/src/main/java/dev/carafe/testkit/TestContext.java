package dev.carafe.testkit;

import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a factory is handed in a test. Its directories are a given one and another beside it. */
public final class TestContext implements PluginContext {
  private final Path root;
  private final Map<PluginType<?>, Map<String, Object>> plugins = new HashMap<>();
  private final List<String> capabilities = new ArrayList<>();
  private final Map<String, String> exports = new LinkedHashMap<>();

  public TestContext(Path root) {
    this.root = root;
  }

  /** Makes a plugin over {@code root} as its declaration says where no file says anything. */
  public static <T, C extends Record> T open(PluginFactory<T, C> factory, Path root) {
    return open(factory, root, factory.declaration().defaults());
  }

  /** Makes a plugin over {@code root}. */
  public static <T, C extends Record> T open(PluginFactory<T, C> factory, Path root, C config) {
    return factory.create(new TestContext(root), config);
  }

  /** Adds a plugin that the one under test requires. */
  public <T> TestContext with(PluginType<T> type, String id, T plugin) {
    plugins.computeIfAbsent(type, key -> new LinkedHashMap<>()).put(id, plugin);
    return this;
  }

  @Override
  public Path root() {
    return created(root);
  }

  @Override
  public Path state() {
    return created(root.resolveSibling(root.getFileName() + ".state"));
  }

  private static Path created(Path directory) {
    try {
      return Files.createDirectories(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public <T> T require(PluginType<T> type) {
    Map<String, T> all = wanted(type);
    if (all.size() != 1) {
      throw new FailedPreconditionException(
          "one " + type.name() + " must be there, and there are " + all.keySet());
    }
    return all.values().iterator().next();
  }

  @Override
  public <T> Map<String, T> requireAll(PluginType<T> type) {
    return wanted(type);
  }

  @Override
  public <T> Map<String, T> wanted(PluginType<T> type) {
    Map<String, T> found = new LinkedHashMap<>();
    plugins
        .getOrDefault(type, Map.of())
        .forEach((id, plugin) -> found.put(id, type.contract().cast(plugin)));
    return Collections.unmodifiableMap(found);
  }

  @Override
  public void capability(String name) {
    capabilities.add(name);
  }

  @Override
  public void export(String key, String value) {
    exports.put(key, value);
  }

  /** What the factory has shown so far. */
  public List<String> capabilities() {
    return List.copyOf(capabilities);
  }

  /** What the factory has shown so far. */
  public Map<String, String> exports() {
    return Map.copyOf(exports);
  }
}
