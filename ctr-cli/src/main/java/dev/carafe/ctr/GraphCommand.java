package dev.carafe.ctr;

import dev.carafe.api.services.introspection.v1.Plugin;
import dev.carafe.graph.DotGraph;
import dev.carafe.graph.PluginNode;
import dev.carafe.graph.SvgGraph;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The plugin graph as a tree, as DOT and as SVG. */
final class GraphCommand {
  private static final int MAX_DEPTH = 16;

  private final Session session;
  private final StringBuilder tree = new StringBuilder();

  GraphCommand(Session session) {
    this.session = session;
  }

  int run() throws IOException {
    String format = session.arguments().value("format", "tree");
    if (format.equals("json") && !session.arguments().has("output")) {
      return new PluginCommands(session).list();
    }
    List<PluginNode> plugins =
        PluginCommands.plugins(session).stream()
            .map(GraphCommand::node)
            .sorted(Comparator.comparing(PluginNode::type).thenComparing(PluginNode::id))
            .toList();
    String text =
        switch (format) {
          case "dot" -> DotGraph.document(plugins);
          case "svg" -> SvgGraph.document(plugins);
          case "json" -> throw new UsageException("--output is for tree, dot and svg");
          default -> tree(plugins);
        };
    String file = session.arguments().valueOrNull("output");
    if (file == null) {
      session.out().print(text);
    } else {
      Files.writeString(Path.of(file), text);
    }
    return 0;
  }

  /** What containerd's messages do not say is in exports of this daemon's own. */
  private static PluginNode node(Plugin plugin) {
    String millis = plugin.getExportsOrDefault("carafe.init_time_ms", "");
    String wants = plugin.getExportsOrDefault("carafe.wants", "");
    return new PluginNode(
        plugin.getType(),
        plugin.getId(),
        plugin.getRequiresList(),
        wants.isEmpty() ? List.of() : List.of(wants.split(",")),
        state(plugin),
        millis.matches("[0-9]{1,9}(\\.[0-9]{1,9})?") ? Double.parseDouble(millis) : -1,
        PluginCommands.status(plugin).equals("error") ? plugin.getInitErr().getMessage() : "",
        plugin.getExportsOrDefault("carafe.jar", ""));
  }

  private static PluginNode.State state(Plugin plugin) {
    return switch (PluginCommands.status(plugin)) {
      case "ok" -> PluginNode.State.RUNNING;
      case "skip" -> PluginNode.State.DISABLED;
      default -> PluginNode.State.FAILED;
    };
  }

  /**
   * What nothing requires comes first; each with what it requires below it. A plugin that was shown
   * before is not unfolded again.
   */
  private String tree(List<PluginNode> plugins) {
    Set<String> required = new HashSet<>();
    plugins.forEach(plugin -> required.addAll(plugin.requires()));
    Set<String> shown = new HashSet<>();
    for (PluginNode plugin : plugins) {
      if (!required.contains(plugin.type())) {
        show(plugins, plugin, "", "", shown, 0);
      }
    }
    return tree.toString();
  }

  private void show(
      List<PluginNode> plugins,
      PluginNode plugin,
      String head,
      String indent,
      Set<String> shown,
      int depth) {
    List<PluginNode> below =
        plugins.stream().filter(other -> plugin.requires().contains(other.type())).toList();
    String name = plugin.type() + "." + plugin.id();
    boolean again = !shown.add(name) && !below.isEmpty();
    tree.append(head).append(Text.printable(name)).append(note(plugin));
    tree.append(again ? "  ...\n" : "\n");
    if (again || depth == MAX_DEPTH) {
      return;
    }
    for (int i = 0; i < below.size(); i++) {
      boolean last = i + 1 == below.size();
      show(
          plugins,
          below.get(i),
          indent + (last ? "└─ " : "├─ "),
          indent + (last ? "   " : "│  "),
          shown,
          depth + 1);
    }
  }

  private static String note(PluginNode plugin) {
    return switch (plugin.state()) {
      case RUNNING -> plugin.initTime().isEmpty() ? "" : "  " + plugin.initTime();
      case FAILED -> "  [failed: " + Text.printable(plugin.error()) + "]";
      case DISABLED, IDLE -> "  [" + plugin.state().word() + "]";
    };
  }
}
