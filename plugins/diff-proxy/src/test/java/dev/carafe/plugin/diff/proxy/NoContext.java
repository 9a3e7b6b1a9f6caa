package dev.carafe.plugin.diff.proxy;

import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginType;
import java.nio.file.Path;
import java.util.Map;

/** A proxy needs nothing of the daemon. */
final class NoContext implements PluginContext {
  @Override
  public Path root() {
    throw new AssertionError("a proxy has no files");
  }

  @Override
  public Path state() {
    throw new AssertionError("a proxy has no files");
  }

  @Override
  public <T> T require(PluginType<T> type) {
    throw new AssertionError("a proxy requires nothing");
  }

  @Override
  public <T> Map<String, T> requireAll(PluginType<T> type) {
    throw new AssertionError("a proxy requires nothing");
  }

  @Override
  public void capability(String name) {}

  @Override
  public void export(String key, String value) {}
}
