package dev.carafe.host;

import dev.carafe.spi.plugins.PluginType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The plugins of a daemon in the order of their creation, and the jars that brought none. */
public final class PluginGraph {
  private final List<Node> nodes;
  private final List<PluginStatus> failedJars;

  PluginGraph(List<Node> nodes, List<PluginStatus> failedJars) {
    this.nodes = List.copyOf(nodes);
    this.failedJars = List.copyOf(failedJars);
  }

  /** Where every plugin stands now, failed and disabled ones included. */
  public List<PluginStatus> plugins() {
    List<PluginStatus> plugins = new ArrayList<>();
    nodes.forEach(node -> plugins.add(node.status()));
    plugins.addAll(failedJars);
    return plugins;
  }

  /** How long the bounded calls on each running plugin took together, by TYPE.ID. */
  public Map<String, Duration> callTimes() {
    Map<String, Duration> times = new LinkedHashMap<>();
    for (Node node : nodes) {
      GuardedPlugin guard = node.guard();
      if (guard != null && node.isRunning()) {
        times.put(node.uri(), guard.callTime());
      }
    }
    return times;
  }

  /** The kinds that each plugin uses where there are any, by TYPE.ID. */
  public Map<String, List<String>> wants() {
    Map<String, List<String>> wants = new LinkedHashMap<>();
    nodes.forEach(node -> wants.put(node.uri(), node.wants()));
    return wants;
  }

  List<Node> nodes() {
    return nodes;
  }

  <T> Map<String, T> all(PluginType<T> type) {
    Map<String, T> found = new LinkedHashMap<>();
    for (Node node : nodes) {
      if (node.declaration().type().equals(type) && node.isRunning()) {
        found.put(node.id(), type.contract().cast(node.proxy()));
      }
    }
    return Collections.unmodifiableMap(found);
  }
}
