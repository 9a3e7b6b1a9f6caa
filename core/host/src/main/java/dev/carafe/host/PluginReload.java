package dev.carafe.host;

import dev.carafe.host.BoundedCall.StepFailedException;
import dev.carafe.host.config.DaemonConfig;
import dev.carafe.spi.plugins.Reloadable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Brings plugins up to a configuration that was read again. One at a time. */
final class PluginReload {
  private final PluginGraph graph;
  private final Map<String, PluginTables.Bound> inForce;
  private boolean complete;

  /**
   * @param complete whether every plugin is known that the configuration may have a table for
   */
  PluginReload(PluginGraph graph, Map<String, PluginTables.Bound> tables, boolean complete) {
    this.graph = graph;
    this.inForce = new HashMap<>(tables);
    this.complete = complete;
  }

  /** The table of a plugin that was created. */
  synchronized void taken(String uri, PluginTables.Bound bound) {
    inForce.put(uri, bound);
  }

  synchronized PluginTables.@Nullable Bound inForce(String uri) {
    return inForce.get(uri);
  }

  /** A plugin is gone; its table may stay. */
  synchronized void gone(String uri) {
    inForce.remove(uri);
    complete = false;
  }

  synchronized List<String> apply(DaemonConfig next) {
    Map<String, PluginTables.Bound> tables = PluginTables.bind(next, graph.nodes(), complete);
    Duration atMost = Duration.ofSeconds(next.pluginLimits().createSeconds());
    List<String> lines = new ArrayList<>();
    for (Node node : graph.nodes()) {
      PluginTables.Bound before = Objects.requireNonNull(inForce.get(node.uri()));
      PluginTables.Bound after = Objects.requireNonNull(tables.get(node.uri()));
      if (!node.isRunning() || before.equals(after)) {
        continue;
      }
      if (!before.limits().equals(after.limits())) {
        lines.add(node.uri() + ": deadline_seconds, max_calls and max_waits need a restart");
      }
      if (!before.config().equals(after.config())) {
        String refused = handOver(node, after.config(), atMost);
        lines.add(node.uri() + ": " + (refused == null ? "reloaded" : refused));
        if (refused == null) {
          inForce.put(node.uri(), new PluginTables.Bound(after.config(), before.limits()));
        }
      }
    }
    return lines;
  }

  /** Why the plugin did not take it, or null. */
  private static @Nullable String handOver(Node node, Record config, Duration atMost) {
    if (!(node.instance() instanceof Reloadable<?> reloadable)) {
      return "needs a restart";
    }
    BoundedCall<Boolean> call =
        new BoundedCall<>(
            "plugin " + node.uri() + ": reload",
            node.candidate().loader(),
            () -> {
              reload(reloadable, config);
              return true;
            });
    try {
      call.start().get(atMost);
      return null;
    } catch (StepFailedException e) {
      return "not reloaded: " + e.getMessage();
    }
  }

  /** The record is of the type that the plugin's own factory declares. */
  @SuppressWarnings("unchecked")
  private static <C extends Record> void reload(Reloadable<C> reloadable, Record config) {
    reloadable.reload((C) config);
  }
}
