package dev.carafe.services.debug;

import dev.carafe.graph.PluginNode;
import dev.carafe.graph.SvgGraph;
import dev.carafe.oci.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Everything on the page at one time. */
final class Snapshot {
  private static final Duration PATIENCE = Duration.ofMillis(1500);

  private final DebugSources sources;
  private final Flows flows;
  private final Collections collections;
  private final EventRing events;
  private final Live<Map<String, Object>> tasks;
  private final Live<Map<String, Object>> leases;

  Snapshot(DebugSources sources, Flows flows, Collections collections, EventRing events) {
    this.sources = sources;
    this.flows = flows;
    this.collections = collections;
    this.events = events;
    this.tasks =
        new Live<>(
            "tasks", () -> new TaskFigures(sources.metadata(), sources.tasks().get()).read());
    this.leases = new Live<>("leases", () -> LeaseFigures.read(sources.metadata()));
  }

  byte[] json() {
    tasks.refresh();
    leases.refresh();
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("version", sources.version());
    figures.put("now", Instant.now().toString());
    figures.put("process", ProcessFigures.read());
    figures.put("plugins", plugins());
    figures.put("work", flows.figures());
    figures.put("gc", collections.figures());
    figures.put("tasks", read(tasks));
    figures.put("leases", read(leases));
    figures.put("events", events.figures());
    return Json.bytes(figures);
  }

  private static Map<String, Object> read(Live<Map<String, Object>> live) {
    Live.Reading<Map<String, Object>> reading = live.get(PATIENCE);
    Map<String, Object> figures = new LinkedHashMap<>();
    Map<String, Object> value = reading.value();
    figures.putAll(value == null ? Map.of("count", 0, "list", List.of()) : value);
    figures.put("known", value != null);
    figures.put("ageMillis", reading.age().toMillis());
    return figures;
  }

  private List<PluginNode> nodes() {
    return sources.plugins().get().stream().map(PluginFigures::plugin).toList();
  }

  /** The graph for the page, which has its style already. */
  String graph() {
    return SvgGraph.unstyled(nodes());
  }

  /** The graph to keep. */
  String picture() {
    return SvgGraph.document(nodes());
  }

  private Map<String, Object> plugins() {
    List<PluginFigures> plugins = new ArrayList<>(sources.plugins().get());
    plugins.sort(
        Comparator.comparing((PluginFigures one) -> one.plugin().type())
            .thenComparing(one -> one.plugin().id()));
    Map<String, Object> figures = new LinkedHashMap<>();
    List<PluginNode> nodes = plugins.stream().map(PluginFigures::plugin).toList();
    figures.put("graph", Integer.toHexString(nodes.hashCode()));
    figures.put("list", plugins.stream().map(Snapshot::row).toList());
    return figures;
  }

  private static Map<String, Object> row(PluginFigures figures) {
    PluginNode plugin = figures.plugin();
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("type", Limits.text(plugin.type()));
    row.put("id", Limits.text(plugin.id()));
    row.put("state", plugin.state().word());
    row.put("init", plugin.initTime());
    row.put("error", Limits.text(plugin.error()));
    row.put("jar", Limits.text(plugin.jar()));
    row.put("calls", figures.calls());
    row.put("failures", figures.failures());
    row.put("late", figures.deadlineHits());
    row.put("refused", figures.refused());
    row.put("inFlight", figures.inFlight());
    return row;
  }
}
