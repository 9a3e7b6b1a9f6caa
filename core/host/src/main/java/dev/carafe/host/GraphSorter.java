package dev.carafe.host;

import dev.carafe.spi.errors.FailedPreconditionException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Sorts plugins so that each comes after all plugins of the kinds it requires. The same plugins
 * always give the same order, whatever order they were found in.
 */
final class GraphSorter {
  private static final Comparator<Node> BY_URI = Comparator.comparing(Node::uri);

  private final Map<String, List<Node>> byKind = new TreeMap<>();
  private final List<Node> nodes;

  private GraphSorter(Collection<Node> nodes) {
    List<Node> sorted = new ArrayList<>(nodes);
    sorted.sort(BY_URI);
    this.nodes = List.copyOf(sorted);
    for (Node node : sorted) {
      byKind.computeIfAbsent(node.kind(), kind -> new ArrayList<>()).add(node);
    }
  }

  /**
   * The plugins in levels: nothing in a level requires anything of its own level or a later one.
   *
   * @throws FailedPreconditionException if plugins require each other in a circle, or a kind that
   *     nobody brings; the message names the chain
   */
  static List<List<Node>> sort(Collection<Node> nodes) {
    return new GraphSorter(nodes).levels();
  }

  private List<List<Node>> levels() {
    nodes.forEach(this::requireKinds);
    List<List<Node>> levels = new ArrayList<>();
    Set<Node> placed = new LinkedHashSet<>();
    while (placed.size() < nodes.size()) {
      List<Node> level = new ArrayList<>();
      for (Node node : nodes) {
        if (!placed.contains(node) && placed.containsAll(requirements(node))) {
          level.add(node);
        }
      }
      if (level.isEmpty()) {
        throw new FailedPreconditionException(
            "plugins require each other: " + String.join(" -> ", circle(placed)));
      }
      levels.add(level);
      placed.addAll(level);
    }
    return levels;
  }

  private void requireKinds(Node node) {
    for (String kind : node.requires()) {
      if (!byKind.containsKey(kind)) {
        throw new FailedPreconditionException(
            "plugin requirement is missing: "
                + String.join(" -> ", wayTo(node))
                + " -> "
                + kind
                + ": no plugin of that kind is installed");
      }
    }
  }

  /** From a plugin that nobody requires down to {@code node}, as far as there is no circle. */
  private List<String> wayTo(Node node) {
    Deque<Node> way = new ArrayDeque<>(List.of(node));
    while (true) {
      Node first = way.getFirst();
      Node above =
          nodes.stream()
              .filter(other -> other.requires().contains(first.kind()) && !way.contains(other))
              .findFirst()
              .orElse(null);
      if (above == null) {
        return way.stream().map(Node::uri).toList();
      }
      way.addFirst(above);
    }
  }

  /** Some circle among the plugins that could not be placed, first plugin repeated at its end. */
  private List<String> circle(Set<Node> placed) {
    List<Node> way = new ArrayList<>();
    Node node = nodes.stream().filter(one -> !placed.contains(one)).findFirst().orElseThrow();
    while (!way.contains(node)) {
      way.add(node);
      node =
          requirements(node).stream()
              .filter(one -> !placed.contains(one))
              .findFirst()
              .orElseThrow();
    }
    List<String> circle = new ArrayList<>();
    way.subList(way.indexOf(node), way.size()).forEach(one -> circle.add(one.uri()));
    circle.add(node.uri());
    return circle;
  }

  private List<Node> requirements(Node node) {
    List<Node> requirements = new ArrayList<>();
    for (String kind : node.requires()) {
      requirements.addAll(byKind.getOrDefault(kind, List.of()));
    }
    for (String kind : node.wants()) {
      requirements.addAll(byKind.getOrDefault(kind, List.of()));
    }
    return requirements;
  }
}
