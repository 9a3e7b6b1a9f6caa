package dev.carafe.host;

import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginType;
import dev.carafe.spi.plugins.Reloadable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A plugin in the graph: what it declares, and where it stands. Written by the one thread that
 * starts, changes or closes the host, read by any.
 */
final class Node {
  private final Candidate candidate;
  private final List<String> capabilities = new ArrayList<>();
  private final Map<String, String> exports = new LinkedHashMap<>();
  private PluginStatus.State state = PluginStatus.State.WAITING;
  private List<HostContext.Uses> uses = List.of();
  private List<String> leftovers = List.of();
  private @Nullable String error;
  private Duration initTime = Duration.ZERO;
  private @Nullable GuardedPlugin guard;
  private @Nullable Object instance;

  Node(Candidate candidate) {
    this.candidate = candidate;
  }

  Candidate candidate() {
    return candidate;
  }

  PluginDeclaration<?, ?> declaration() {
    return candidate.declaration();
  }

  String uri() {
    return declaration().uri();
  }

  String id() {
    return declaration().id();
  }

  String kind() {
    return declaration().type().name();
  }

  List<String> requires() {
    return declaration().requires().stream().map(PluginType::name).toList();
  }

  List<String> wants() {
    return declaration().wants().stream().map(PluginType::name).toList();
  }

  synchronized void guardWith(GuardedPlugin guardedPlugin) {
    guard = guardedPlugin;
  }

  synchronized void created(
      Object plugin, GuardedPlugin.Limits limits, HostContext context, Duration took) {
    if (guard == null) {
      throw new IllegalStateException(uri() + " has no guard");
    }
    instance = plugin;
    capabilities.clear();
    capabilities.addAll(context.capabilities());
    exports.clear();
    exports.putAll(context.exports());
    if (plugin instanceof Reloadable<?>) {
      exports.put("carafe.reloadable", "true");
    }
    uses = context.uses();
    initTime = took;
    guard.replace(plugin, limits, candidate.loader());
    state = PluginStatus.State.RUNNING;
  }

  synchronized void failed(String why, Duration took) {
    error = why;
    initTime = took;
    state = PluginStatus.State.FAILED;
  }

  synchronized void disabled() {
    state = PluginStatus.State.DISABLED;
  }

  synchronized void closed() {
    state = PluginStatus.State.CLOSED;
  }

  synchronized PluginStatus.State state() {
    return state;
  }

  synchronized List<HostContext.Uses> uses() {
    return uses;
  }

  /** What an earlier instance has left behind. */
  synchronized void leftBehind(List<String> warnings) {
    leftovers = List.copyOf(warnings);
  }

  boolean isRunning() {
    return state() == PluginStatus.State.RUNNING;
  }

  synchronized @Nullable String error() {
    return error;
  }

  synchronized @Nullable GuardedPlugin guard() {
    return guard;
  }

  synchronized @Nullable Object instance() {
    return instance;
  }

  /** What others call; only where the plugin runs. */
  synchronized Object proxy() {
    if (guard == null || instance == null) {
      throw new IllegalStateException(uri() + " is not running");
    }
    return guard.proxy();
  }

  synchronized PluginStatus status() {
    return new PluginStatus(
        uri(),
        kind(),
        id(),
        requires(),
        declaration().essential(),
        state,
        initTime,
        error,
        Stream.concat(candidate.warnings().stream(), leftovers.stream()).toList(),
        capabilities,
        exports,
        candidate.jar(),
        guard == null ? CallCounters.NONE : guard.counters());
  }
}
