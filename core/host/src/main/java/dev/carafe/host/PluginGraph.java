package dev.carafe.host;

import dev.carafe.spi.plugins.PluginType;
import java.time.Duration;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The plugins of a daemon in the order of their creation, and the jars that brought none. */
public final class PluginGraph {
  private final Map<String, String> onlyOnes = new ConcurrentHashMap<>();
  private volatile List<Node> nodes;
  private volatile List<PluginStatus> failedJars;

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

  /**
   * Puts one plugin in the place of another.
   *
   * @param old that goes, or null
   * @param next that comes, at the end if nothing goes, or null
   */
  synchronized void put(@Nullable Node old, @Nullable Node next) {
    List<Node> changed = new ArrayList<>(nodes);
    int place = old == null ? -1 : changed.indexOf(old);
    if (place < 0 && next != null) {
      changed.add(next);
    } else if (place >= 0 && next == null) {
      changed.remove(place);
    } else if (place >= 0) {
      changed.set(place, next);
    }
    nodes = List.copyOf(changed);
  }

  /** Lists no failure of a jar any more. */
  void forgetFailures(String jar) {
    failedJars = failedJars.stream().filter(failed -> !failed.jar().equals(jar)).toList();
  }

  /** A plugin has taken the one plugin of a kind: there cannot be another. */
  void onlyOne(String kind, String uri) {
    onlyOnes.putIfAbsent(kind, uri);
  }

  /** Who relies on it that there is one plugin of a kind, or null. */
  @Nullable String whoHasOnlyOne(String kind) {
    return onlyOnes.get(kind);
  }

  /** The running plugins of a kind by id, now and later. */
  <T> Map<String, T> all(PluginType<T> type) {
    return new RunningPlugins<>(this, type);
  }

  /** The failed plugins of a kind by id, each with the reason, now and later. */
  Map<String, String> failed(PluginType<?> type) {
    return new AbstractMap<>() {
      @Override
      public Set<Map.Entry<String, String>> entrySet() {
        Map<String, String> now = new LinkedHashMap<>();
        for (Node node : nodes) {
          if (node.kind().equals(type.name()) && node.state() == PluginStatus.State.FAILED) {
            now.put(node.id(), String.valueOf(node.error()));
          }
        }
        return Collections.unmodifiableMap(now).entrySet();
      }
    };
  }

  /** Why a plugin cannot be created, or null. */
  @Nullable String unmet(Node node) {
    for (String kind : node.requires()) {
      List<Node> plugins = nodes.stream().filter(other -> other.kind().equals(kind)).toList();
      if (plugins.stream().noneMatch(Node::isRunning)) {
        List<String> reasons =
            plugins.stream()
                .map(other ->
                    other.uri()
                        + (other.state() == PluginStatus.State.DISABLED
                            ? " is disabled"
                            : ": " + other.error()))
                .toList();
        return "requires " + kind + ": " + String.join("; ", reasons);
      }
    }
    return nodes.stream()
        .filter(other -> node.wants().contains(other.kind()))
        .filter(other -> other.state() == PluginStatus.State.FAILED)
        // A faulty jar stops nobody who can do without it: who cannot asks for those that failed.
        .filter(other -> other.candidate().loader() == null)
        .map(other -> "wants " + other.uri() + ": " + other.error())
        .findFirst()
        .orElse(null);
  }
}
