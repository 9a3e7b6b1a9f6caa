package dev.carafe.host;

import dev.carafe.spi.plugins.PluginType;
import java.util.AbstractMap;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The running plugins of a kind by id: a live view. Each set of entries is of one moment. */
final class RunningPlugins<T> extends AbstractMap<String, T> {
  private final PluginGraph graph;
  private final PluginType<T> type;

  RunningPlugins(PluginGraph graph, PluginType<T> type) {
    this.graph = graph;
    this.type = type;
  }

  private boolean isOfKind(Node node) {
    return node.declaration().type().equals(type) && node.isRunning();
  }

  @Override
  public @Nullable T get(@Nullable Object id) {
    for (Node node : graph.nodes()) {
      if (node.id().equals(id) && isOfKind(node)) {
        return type.contract().cast(node.proxy());
      }
    }
    return null;
  }

  @Override
  public boolean containsKey(@Nullable Object id) {
    return get(id) != null;
  }

  @Override
  public Set<Map.Entry<String, T>> entrySet() {
    Map<String, T> now = new LinkedHashMap<>();
    for (Node node : graph.nodes()) {
      if (isOfKind(node)) {
        now.put(node.id(), type.contract().cast(node.proxy()));
      }
    }
    return Collections.unmodifiableMap(now).entrySet();
  }
}
