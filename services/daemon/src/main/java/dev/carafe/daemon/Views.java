package dev.carafe.daemon;

import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.tasks.TaskService;
import dev.carafe.graph.PluginNode;
import dev.carafe.host.CallCounters;
import dev.carafe.host.PluginHost;
import dev.carafe.host.PluginStatus;
import dev.carafe.services.PluginListing;
import dev.carafe.services.debug.DebugPage;
import dev.carafe.services.debug.DebugSources;
import dev.carafe.services.debug.PluginFigures;
import dev.carafe.spi.plugins.PluginTypes;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** What is shown of the plugin graph: to introspection, and on the debug page. */
final class Views {
  private Views() {}

  static PluginListing listing(PluginHost host) {
    return () -> {
      Map<String, List<String>> wants = host.graph().wants();
      return host.graph().plugins().stream().map(plugin -> entry(plugin, wants)).toList();
    };
  }

  /** What containerd's messages have no field for is among the exports, under names of our own. */
  private static PluginListing.Entry entry(PluginStatus plugin, Map<String, List<String>> wants) {
    String error = plugin.error();
    Map<String, String> exports = new LinkedHashMap<>(plugin.exports());
    exports.put("carafe.state", plugin.state().name().toLowerCase(Locale.ROOT));
    exports.put("carafe.init_time_ms", String.format(Locale.ROOT, "%.3f", initMillis(plugin)));
    exports.put("carafe.jar", plugin.jar());
    trouble(plugin, exports);
    List<String> wanted = wants.getOrDefault(plugin.uri(), List.of());
    if (!wanted.isEmpty()) {
      exports.put("carafe.wants", String.join(",", wanted));
    }
    return new PluginListing.Entry(
        plugin.type(),
        plugin.id(),
        plugin.requires(),
        plugin.capabilities(),
        exports,
        error != null
            ? error
            : plugin.state() == PluginStatus.State.DISABLED ? "disabled: skip plugin" : "");
  }

  /** One line for each plugin with which something is wrong. */
  static List<String> problems(PluginHost host) {
    return host.graph().plugins().stream()
        .map(PluginStatus::problem)
        .filter(Objects::nonNull)
        .toList();
  }

  /** Counts that are worth a look, and warnings. */
  private static void trouble(PluginStatus plugin, Map<String, String> exports) {
    CallCounters calls = plugin.calls();
    Map<String, Long> counts =
        Map.of(
            "carafe.failures", calls.failures(),
            "carafe.deadline_hits", calls.deadlineHits(),
            "carafe.refused", calls.refused());
    counts.forEach((key, count) -> {
      if (count > 0) {
        exports.put(key, count.toString());
      }
    });
    String problem = plugin.problem();
    if (problem != null && plugin.state() == PluginStatus.State.RUNNING) {
      exports.put("carafe.failing", problem);
    }
    if (!plugin.warnings().isEmpty()) {
      exports.put("carafe.warnings", String.join("; ", plugin.warnings()));
    }
  }

  private static double initMillis(PluginStatus plugin) {
    return plugin.initTime().toNanos() / 1e6;
  }

  static DebugPage debugPage(PluginHost host, String address) {
    return DebugPage.open(
        address,
        new DebugSources(
            Version.TEXT,
            () -> figures(host),
            host.require(Metadata.TYPE),
            () -> host.require(TaskService.TYPE).manager(),
            host.require(PluginTypes.EVENT_BUS)));
  }

  private static List<PluginFigures> figures(PluginHost host) {
    Map<String, List<String>> wants = host.graph().wants();
    return host.graph().plugins().stream()
        .map(plugin ->
            new PluginFigures(
                node(plugin, wants.getOrDefault(plugin.uri(), List.of())),
                plugin.calls().calls(),
                plugin.calls().failures(),
                plugin.calls().deadlineHits(),
                plugin.calls().refused(),
                plugin.calls().inFlight()))
        .toList();
  }

  private static PluginNode node(PluginStatus plugin, List<String> wants) {
    String error = plugin.error();
    PluginNode.State state =
        switch (plugin.state()) {
          case RUNNING -> PluginNode.State.RUNNING;
          case FAILED -> PluginNode.State.FAILED;
          case DISABLED -> PluginNode.State.DISABLED;
          case WAITING, CLOSED -> PluginNode.State.IDLE;
        };
    return new PluginNode(
        plugin.type(),
        plugin.id(),
        plugin.requires(),
        wants,
        state,
        state == PluginNode.State.DISABLED ? -1 : initMillis(plugin),
        error == null ? "" : error,
        plugin.jar());
  }
}
