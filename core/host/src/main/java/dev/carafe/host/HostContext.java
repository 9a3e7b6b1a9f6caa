package dev.carafe.host;

import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginType;
import dev.carafe.spi.plugins.PluginUse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** What one plugin is handed for the time of its creation. */
final class HostContext implements PluginContext {
  private final Node node;
  private final PluginGraph graph;
  private final Path rootBase;
  private final Path stateBase;
  private final Path address;
  private final List<String> capabilities = new ArrayList<>();
  private final Map<String, String> exports = new LinkedHashMap<>();
  private final List<Uses> uses = new ArrayList<>();
  private boolean over;

  /** What a plugin keeps of those of a kind, by their ids. */
  record Uses(PluginType<?> type, Function<String, List<PluginUse>> of) {}

  HostContext(Node node, PluginGraph graph, Path rootBase, Path stateBase, Path address) {
    this.node = node;
    this.graph = graph;
    this.rootBase = rootBase;
    this.stateBase = stateBase;
    this.address = address;
  }

  @Override
  public Path root() {
    requireValid();
    return PrivateDirectories.create(rootBase.resolve(node.uri()));
  }

  @Override
  public Path state() {
    requireValid();
    return PrivateDirectories.create(stateBase.resolve(node.uri()));
  }

  @Override
  public Path address() {
    requireValid();
    return address;
  }

  @Override
  public <T> T require(PluginType<T> type) {
    Map<String, T> found = requireAll(type);
    if (found.size() > 1) {
      throw new FailedPreconditionException(
          node.uri()
              + " requires one "
              + type.name()
              + ", and there are "
              + found.keySet()
              + ": name all but one in disabled_plugins");
    }
    graph.onlyOne(type.name(), node.uri());
    return found.values().iterator().next();
  }

  @Override
  public <T> Map<String, T> requireAll(PluginType<T> type) {
    requireValid();
    if (!node.declaration().requires().contains(type)) {
      throw new FailedPreconditionException(
          node.uri() + " does not declare that it requires " + type.name());
    }
    Map<String, T> found = graph.all(type);
    if (found.isEmpty()) {
      throw new FailedPreconditionException(node.uri() + ": no " + type.name() + " is running");
    }
    return found;
  }

  @Override
  public <T> Map<String, T> wanted(PluginType<T> type) {
    requireWanted(type);
    return graph.all(type);
  }

  @Override
  public Map<String, String> failed(PluginType<?> type) {
    requireWanted(type);
    return graph.failed(type);
  }

  private void requireWanted(PluginType<?> type) {
    requireValid();
    if (!node.declaration().wants().contains(type)) {
      throw new FailedPreconditionException(
          node.uri() + " does not declare that it wants " + type.name());
    }
  }

  @Override
  public synchronized void uses(PluginType<?> type, Function<String, List<PluginUse>> of) {
    requireValid();
    uses.add(new Uses(type, of));
  }

  @Override
  public synchronized void capability(String name) {
    requireValid();
    if (!capabilities.contains(name)) {
      capabilities.add(name);
    }
  }

  @Override
  public synchronized void export(String key, String value) {
    requireValid();
    exports.put(key, value);
  }

  synchronized void expire() {
    over = true;
  }

  synchronized List<String> capabilities() {
    return List.copyOf(capabilities);
  }

  synchronized List<Uses> uses() {
    return List.copyOf(uses);
  }

  synchronized Map<String, String> exports() {
    return Map.copyOf(exports);
  }

  private synchronized void requireValid() {
    if (over) {
      throw new FailedPreconditionException(
          node.uri() + ": the plugin context is only valid during create");
    }
  }
}
