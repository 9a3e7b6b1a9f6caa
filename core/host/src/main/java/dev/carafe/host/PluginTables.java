package dev.carafe.host;

import dev.carafe.host.config.ConfigTable;
import dev.carafe.host.config.DaemonConfig;
import dev.carafe.host.config.DaemonConfig.PluginLimits;
import dev.carafe.host.config.NearestMatch;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.Description;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginTypes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Reads the plugins' tables: each into the plugin's own record and into its limits. */
final class PluginTables {
  /** Keys that every plugin's table may have beside the plugin's own. */
  private static final Set<String> RESERVED = Set.of("deadline_seconds", "max_calls", "max_waits");

  /** The reserved keys; 0 where the table does not say. */
  record Overrides(
      @Description("Seconds for every bounded call, in place of what the contract says.")
          int deadlineSeconds,
      @Description("As in [plugin_limits].") int maxCalls,
      @Description("As in [plugin_limits].") int maxWaits) {
    static final Overrides NONE = new Overrides(0, 0, 0);

    Overrides {
      if (deadlineSeconds < 0 || maxCalls < 0 || maxWaits < 0) {
        throw new InvalidArgumentException(
            "deadline_seconds, max_calls and max_waits must not be negative");
      }
    }
  }

  /** A plugin's table as read. */
  record Bound(Record config, GuardedPlugin.Limits limits) {}

  private PluginTables() {}

  /**
   * All tables.
   *
   * @param complete whether every plugin is known; if not, a table of an unknown one is no mistake
   * @return by TYPE.ID; for every declaration
   * @throws InvalidArgumentException one line for each mistake, with file and key
   */
  static Map<String, Bound> bind(DaemonConfig config, List<Node> nodes, boolean complete) {
    List<String> problems = new ArrayList<>();
    Map<String, Bound> bound = bindEach(config, nodes, problems);
    Set<String> known = new TreeSet<>();
    nodes.forEach(node -> known.add(node.uri()));
    for (String uri : new TreeSet<>(config.plugins().keySet())) {
      if (complete && !known.contains(uri)) {
        ConfigTable table = config.plugins().getOrDefault(uri, ConfigTable.EMPTY);
        problems.add(
            table.place() + ": there is no plugin \"" + uri + "\"" + NearestMatch.hint(uri, known));
      }
    }
    for (String uri : config.disabledPlugins()) {
      if (complete && !known.contains(uri)) {
        problems.add(
            "disabled_plugins: there is no plugin \"" + uri + "\"" + NearestMatch.hint(uri, known));
      }
    }
    refuse(problems);
    return bound;
  }

  /**
   * The tables of some plugins.
   *
   * @throws InvalidArgumentException one line for each mistake, with file and key
   */
  static Map<String, Bound> bindSome(DaemonConfig config, List<Node> nodes) {
    List<String> problems = new ArrayList<>();
    Map<String, Bound> bound = bindEach(config, nodes, problems);
    refuse(problems);
    return bound;
  }

  private static void refuse(List<String> problems) {
    if (!problems.isEmpty()) {
      throw new InvalidArgumentException(String.join("\n", problems));
    }
  }

  private static Map<String, Bound> bindEach(
      DaemonConfig config, List<Node> nodes, List<String> problems) {
    Map<String, Bound> bound = new LinkedHashMap<>();
    Map<String, String> runtimeIds = runtimeIds(nodes);
    for (Node node : nodes) {
      PluginDeclaration<?, ?> declaration = node.declaration();
      try {
        ConfigTable table = config.pluginTable(declaration.uri(), runtimeIds);
        bound.put(declaration.uri(), bind(config.pluginLimits(), declaration, table));
      } catch (InvalidArgumentException e) {
        problems.add(e.getMessage());
      }
    }
    return bound;
  }

  /** Ids of runtime plugins by the path of their jar. */
  private static Map<String, String> runtimeIds(List<Node> nodes) {
    Map<String, String> ids = new LinkedHashMap<>();
    for (Node node : nodes) {
      if (node.declaration().type().equals(PluginTypes.TASK_RUNTIME)) {
        ids.put(node.candidate().jar(), node.id());
      }
    }
    return ids;
  }

  private static Bound bind(
      PluginLimits limits, PluginDeclaration<?, ?> declaration, ConfigTable table) {
    if (table == ConfigTable.EMPTY) {
      return new Bound(
          declaration.defaults(),
          new GuardedPlugin.Limits(0, limits.maxCalls(), limits.maxWaits()));
    }
    Overrides overrides = table.bindOnly(RESERVED, Overrides.NONE);
    return new Bound(
        table.bind(declaration.defaults(), RESERVED),
        new GuardedPlugin.Limits(
            overrides.deadlineSeconds(),
            overrides.maxCalls() == 0 ? limits.maxCalls() : overrides.maxCalls(),
            overrides.maxWaits() == 0 ? limits.maxWaits() : overrides.maxWaits()));
  }
}
