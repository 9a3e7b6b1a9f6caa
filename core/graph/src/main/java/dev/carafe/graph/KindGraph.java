package dev.carafe.graph;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Plugins by kind, and which kinds need which. A line that other lines imply is left out, so that
 * the rest can be followed by eye; so is one that would close a circle.
 */
final class KindGraph {
  /** More than this is no graph of a daemon of ours. */
  private static final int MOST_PLUGINS = 2000;

  private static final int MOST_KINDS = 400;

  private final TreeMap<String, Kind> kinds = new TreeMap<>();
  private final List<Edge> edges = new ArrayList<>();

  /** For each kind those that it needs; without circles. */
  private final TreeMap<String, TreeSet<String>> needs = new TreeMap<>();

  private final Set<String> wished = new HashSet<>();

  private KindGraph() {}

  /**
   * A kind.
   *
   * @param level 0 for what needs nothing that needs something; -1 for what stands alone
   */
  record Kind(String name, List<PluginNode> plugins, int level) {
    /** The name without the organisation and the version. */
    String title() {
      String text = name.replaceFirst("^(io\\.containerd|dev\\.carafe)\\.(?=.)", "");
      return version().isEmpty() ? text : text.substring(0, text.length() - version().length() - 1);
    }

    /** {@code v1}, or empty. */
    String version() {
      int dot = name.lastIndexOf('.');
      return dot > 0 && name.substring(dot + 1).matches("v[0-9]{1,3}")
          ? name.substring(dot + 1)
          : "";
    }
  }

  /**
   * A line.
   *
   * @param from what is needed
   * @param to who needs it
   * @param wanted whether it works without, too
   * @param broken whether a failure went this way
   */
  record Edge(String from, String to, boolean wanted, boolean broken) {}

  static KindGraph of(List<PluginNode> plugins) {
    KindGraph graph = new KindGraph();
    TreeMap<String, List<PluginNode>> byKind = new TreeMap<>();
    plugins.stream()
        .limit(MOST_PLUGINS)
        .forEach(plugin -> {
          if (byKind.size() < MOST_KINDS || byKind.containsKey(plugin.type())) {
            byKind.computeIfAbsent(plugin.type(), name -> new ArrayList<>()).add(plugin);
          }
        });
    byKind.values().forEach(list -> list.sort(Comparator.comparing(PluginNode::id)));
    graph.join(byKind);
    Map<String, Integer> levels = graph.levels();
    byKind.forEach((name, list) ->
        graph.kinds.put(name, new Kind(name, List.copyOf(list), levels.getOrDefault(name, -1))));
    graph.draw();
    return graph;
  }

  /** By name. */
  List<Kind> kinds() {
    return List.copyOf(kinds.values());
  }

  List<Edge> edges() {
    return List.copyOf(edges);
  }

  private void join(Map<String, List<PluginNode>> byKind) {
    byKind.forEach((kind, list) -> {
      TreeSet<String> required = new TreeSet<>();
      TreeSet<String> wanted = new TreeSet<>();
      for (PluginNode plugin : list) {
        required.addAll(plugin.requires());
        wanted.addAll(plugin.wants());
      }
      wanted.removeAll(required);
      wanted.forEach(other -> wished.add(other + "\n" + kind));
      TreeSet<String> all = new TreeSet<>(required);
      all.addAll(wanted);
      all.retainAll(byKind.keySet());
      all.remove(kind);
      needs.put(kind, all);
    });
    Set<String> done = new HashSet<>();
    needs.keySet().forEach(kind -> cutCircles(kind, new HashSet<>(), done));
  }

  private void cutCircles(String kind, Set<String> above, Set<String> done) {
    if (done.contains(kind)) {
      return;
    }
    above.add(kind);
    needs(kind).removeIf(above::contains);
    List.copyOf(needs(kind)).forEach(other -> cutCircles(other, above, done));
    above.remove(kind);
    done.add(kind);
  }

  /**
   * The longest way to each kind; what needs nothing is moved next to the first that needs it, so
   * that lines stay short. What is joined to nothing has no level.
   */
  private Map<String, Integer> levels() {
    Map<String, Integer> levels = new HashMap<>();
    needs.keySet().forEach(kind -> level(kind, levels));
    for (String kind : needs.keySet()) {
      if (needs(kind).isEmpty()) {
        int first =
            needs.keySet().stream()
                .filter(other -> needs(other).contains(kind))
                .mapToInt(other -> levels.getOrDefault(other, 0))
                .min()
                .orElse(0);
        levels.put(kind, first - 1);
      }
    }
    return levels;
  }

  private int level(String kind, Map<String, Integer> levels) {
    Integer known = levels.get(kind);
    if (known != null) {
      return known;
    }
    int level = 0;
    for (String other : needs(kind)) {
      level = Math.max(level, level(other, levels) + 1);
    }
    levels.put(kind, level);
    return level;
  }

  private void draw() {
    Map<String, Set<String>> below = new HashMap<>();
    needs.keySet().forEach(kind -> below(kind, below));
    for (String kind : needs.keySet()) {
      Set<String> direct = needs(kind);
      for (String other : direct) {
        boolean implied =
            direct.stream()
                .anyMatch(between ->
                    !between.equals(other)
                        && !wished.contains(between + "\n" + kind)
                        && below.getOrDefault(between, Set.of()).contains(other));
        if (!implied) {
          edges.add(
              new Edge(other, kind, wished.contains(other + "\n" + kind), broken(other, kind)));
        }
      }
    }
  }

  private Set<String> below(String kind, Map<String, Set<String>> known) {
    Set<String> found = known.get(kind);
    if (found == null) {
      found = new HashSet<>();
      for (String other : needs(kind)) {
        found.add(other);
        found.addAll(below(other, known));
      }
      known.put(kind, found);
    }
    return found;
  }

  private boolean broken(String from, String to) {
    return failed(from).findAny().isPresent()
        && failed(to)
            .anyMatch(plugin -> plugin.requires().contains(from) || plugin.wants().contains(from));
  }

  private Stream<PluginNode> failed(String kind) {
    Kind known = kinds.get(kind);
    return known == null
        ? Stream.empty()
        : known.plugins().stream().filter(plugin -> plugin.state() == PluginNode.State.FAILED);
  }

  private Set<String> needs(String kind) {
    return needs.computeIfAbsent(kind, name -> new TreeSet<>());
  }
}
