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
  private final List<Node> nodes;
  private final boolean complete;
  private Map<String, PluginTables.Bound> inForce;

  PluginReload(List<Node> nodes, Map<String, PluginTables.Bound> tables, boolean complete) {
    this.nodes = List.copyOf(nodes);
    this.inForce = Map.copyOf(tables);
    this.complete = complete;
  }

  synchronized List<String> apply(DaemonConfig next) {
    Map<String, PluginTables.Bound> tables = PluginTables.bind(next, nodes, complete);
    Duration atMost = Duration.ofSeconds(next.pluginLimits().createSeconds());
    List<String> lines = new ArrayList<>();
    Map<String, PluginTables.Bound> taken = new HashMap<>(inForce);
    for (Node node : nodes) {
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
          taken.put(node.uri(), new PluginTables.Bound(after.config(), before.limits()));
        }
      }
    }
    inForce = Map.copyOf(taken);
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
