package dev.carafe.graph;

import dev.carafe.graph.KindGraph.Edge;
import dev.carafe.graph.KindGraph.Kind;
import java.util.List;

/**
 * The plugin graph in the language of Graphviz: a cluster for each kind, a node for each plugin.
 */
public final class DotGraph {
  private DotGraph() {}

  public static String document(List<PluginNode> plugins) {
    KindGraph graph = KindGraph.of(plugins);
    StringBuilder dot = new StringBuilder(16_384);
    dot.append(
        """
        digraph plugins {
          rankdir=LR;
          compound=true;
          ranksep=1.2;
          fontname="sans-serif";
          node [shape=box, style="rounded,filled", fillcolor="#eef6f0", color="#1a7f37", fontname="sans-serif", fontsize=10, height=0.3];
          edge [color="#8c959f", arrowsize=0.6];
        """);
    List<String> names = graph.kinds().stream().map(Kind::name).toList();
    for (Kind kind : graph.kinds()) {
      cluster(dot, kind, names.indexOf(kind.name()));
    }
    for (Edge edge : graph.edges()) {
      edge(dot, edge, names.indexOf(edge.from()), names.indexOf(edge.to()));
    }
    return dot.append("}\n").toString();
  }

  private static void cluster(StringBuilder dot, Kind kind, int number) {
    dot.append("  subgraph cluster_").append(number).append(" {\n");
    dot.append("    label=").append(Words.dot(kind.name())).append(";\n");
    dot.append("    style=rounded; color=\"#d0d7de\"; fontsize=10;\n");
    for (int i = 0; i < kind.plugins().size(); i++) {
      PluginNode plugin = kind.plugins().get(i);
      String time = plugin.initTime().isEmpty() ? "" : "\n" + plugin.initTime();
      dot.append("    ").append(node(number, i)).append(" [label=");
      dot.append(Words.dot(plugin.id() + time));
      dot.append(", tooltip=").append(Words.dot(plugin.description()));
      dot.append(colours(plugin.state())).append("];\n");
    }
    dot.append("  }\n");
  }

  private static String node(int kind, int plugin) {
    return "p" + kind + "_" + plugin;
  }

  private static String colours(PluginNode.State state) {
    return switch (state) {
      case RUNNING -> "";
      case FAILED -> ", color=\"#cf222e\", fillcolor=\"#ffebe9\", fontcolor=\"#a40e26\"";
      case DISABLED, IDLE -> ", color=\"#8c959f\", fillcolor=\"#f6f8fa\", fontcolor=\"#656d76\"";
    };
  }

  /** Between the first plugins of both kinds, cut off at the borders of their clusters. */
  private static void edge(StringBuilder dot, Edge edge, int from, int to) {
    dot.append("  ").append(node(from, 0)).append(" -> ").append(node(to, 0));
    dot.append(" [ltail=cluster_").append(from).append(", lhead=cluster_").append(to);
    dot.append(edge.wanted() ? ", style=dashed" : "");
    dot.append(edge.broken() ? ", color=\"#cf222e\"" : "").append("];\n");
  }
}
