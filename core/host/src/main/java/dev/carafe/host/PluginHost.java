package dev.carafe.host;

import dev.carafe.host.config.ConfigText;
import dev.carafe.host.config.DaemonConfig;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.PluginType;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The plugins of one daemon, started in the order of what they require and closed in reverse.
 *
 * <p>Words: a plugin is <em>running</em>, <em>failed</em> or <em>disabled</em>; what requires a
 * kind of which nothing runs fails too. A plugin that failed stops the start only if it is
 * essential; a circle of requirements, a required kind that nobody brings and a mistake in the
 * configuration always do.
 *
 * <p>Whatever this hands out is guarded: see {@code GuardedPlugin}.
 */
public final class PluginHost implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(PluginHost.class);

  private final DaemonConfig config;
  private final PluginReload reload;

  /** Until everything is created: whoever is unloaded later must not be held here. */
  private Map<String, PluginTables.Bound> tables;

  private List<List<Node>> levels;
  private final PluginGraph graph;
  private final PluginMaker maker;
  private final HotPlugins hot;
  private boolean closed;

  private PluginHost(DaemonConfig config, Discovery.Found found, JarCopies copies) {
    this.config = config;
    boolean everyJarLoaded = found.failures().isEmpty();
    List<Node> accepted = accepted(config, found);
    this.tables = PluginTables.bind(config, accepted, everyJarLoaded);
    this.levels = GraphSorter.sort(accepted);
    this.graph = new PluginGraph(levels.stream().flatMap(List::stream).toList(), found.failures());
    this.reload = new PluginReload(graph, tables, everyJarLoaded);
    this.maker = new PluginMaker(config, graph);
    this.hot = new HotPlugins(config, graph, maker, reload, copies, found.jars());
  }

  /**
   * Finds, sorts and creates all plugins.
   *
   * @throws InvalidArgumentException if the configuration has mistakes, one line for each
   * @throws FailedPreconditionException if an essential plugin failed or the graph cannot be
   *     sorted; the message names the chain; whatever was created is closed again
   */
  public static PluginHost start(DaemonConfig config) {
    JarCopies copies = JarCopies.in(config.root().resolve("jars"));
    return start(config, Discovery.find(config, copies), copies);
  }

  /**
   * As {@link #start(DaemonConfig)} with the plugins of one jar and no others, whoever may write to
   * the jar: for tools that check one, never for a daemon.
   */
  public static PluginHost examine(DaemonConfig config, Path jar) {
    return start(config, Discovery.only(config, jar));
  }

  /** As {@link #start(DaemonConfig)}, with what was found. */
  static PluginHost start(DaemonConfig config, Discovery.Found found) {
    return start(config, found, JarCopies.NONE);
  }

  private static PluginHost start(DaemonConfig config, Discovery.Found found, JarCopies copies) {
    PluginHost host = prepare(config, found, copies);
    try {
      host.create();
    } catch (RuntimeException | Error e) {
      host.close();
      throw e;
    }
    return host;
  }

  /**
   * What is wrong with a configuration and the plugins it names, without starting anything.
   *
   * @return one line for each mistake; empty if there is none
   */
  public static List<String> check(DaemonConfig config) {
    try (PluginHost host = prepare(config, Discovery.find(config), JarCopies.NONE)) {
      List<String> problems = new ArrayList<>();
      host.graph
          .plugins()
          .forEach(plugin -> {
            if (plugin.error() != null) {
              problems.add(plugin.uri() + ": " + plugin.error());
            }
          });
      return problems;
    } catch (DaemonException e) {
      return e.getMessage().lines().toList();
    }
  }

  /** A configuration in full, as TOML with comments: every key of the daemon and its plugins. */
  public static String describe(DaemonConfig config) {
    return describe(config, Discovery.find(config));
  }

  static String describe(DaemonConfig config, Discovery.Found found) {
    try (PluginHost host = prepare(config, found, JarCopies.NONE)) {
      Map<String, Record> records = new TreeMap<>();
      host.tables.forEach((uri, bound) -> records.put(uri, bound.config()));
      return ConfigText.of(config, records);
    }
  }

  private static PluginHost prepare(DaemonConfig config, Discovery.Found found, JarCopies copies) {
    try {
      return new PluginHost(config, found, copies);
    } catch (RuntimeException | Error e) {
      found.closeJars();
      throw e;
    }
  }

  /** What loads the classes of a plugin's jar; empty for a plugin that is not from a jar. */
  public Optional<ClassLoader> classLoader(String uri) {
    return graph.nodes().stream()
        .filter(node -> node.uri().equals(uri))
        .flatMap(node -> Optional.ofNullable(node.candidate().loader()).stream())
        .findFirst();
  }

  /** Every plugin and where it stands. */
  public PluginGraph graph() {
    return graph;
  }

  /**
   * The one running plugin of a kind.
   *
   * @throws FailedPreconditionException if there is none, or more than one
   */
  public <T> T require(PluginType<T> type) {
    Map<String, T> running = graph.all(type);
    if (running.size() != 1) {
      throw new FailedPreconditionException(
          "one " + type.name() + " must be running, and there are " + running.keySet());
    }
    return running.values().iterator().next();
  }

  /** All running plugins of a kind by id, in the order of their creation: a live view. */
  public <T> Map<String, T> all(PluginType<T> type) {
    return graph.all(type);
  }

  /** A running plugin. */
  public <T> Optional<T> find(PluginType<T> type, String id) {
    return Optional.ofNullable(graph.all(type).get(id));
  }

  /**
   * Hands changed tables to the plugins that can take them while they run.
   *
   * @return one line for each table that changed: what became of it
   * @throws InvalidArgumentException if the configuration has mistakes; then nothing has changed
   */
  public List<String> reload(DaemonConfig next) {
    return reload.apply(next);
  }

  /** Loads, unloads and reloads jars while everything else runs. */
  public HotPlugins hot() {
    return hot;
  }

  /** One node for each name; who comes second with a name is listed as failed. */
  private static List<Node> accepted(DaemonConfig config, Discovery.Found found) {
    Map<String, Node> byUri = new LinkedHashMap<>();
    Map<String, PluginType<?>> kinds = new LinkedHashMap<>();
    for (Candidate candidate : found.candidates()) {
      PluginType<?> type = candidate.declaration().type();
      String uri = candidate.declaration().uri();
      Node first = byUri.get(uri);
      PluginType<?> known = kinds.putIfAbsent(type.name(), type);
      if (first != null) {
        found
            .failures()
            .add(
                rejected(
                    candidate,
                    "\""
                        + candidate.jar()
                        + "\" brings "
                        + uri
                        + ", which \""
                        + first.candidate().jar()
                        + "\" brings too"));
      } else if (known != null && known.contract() != type.contract()) {
        found
            .failures()
            .add(
                rejected(
                    candidate,
                    "contract of " + uri + " is not the daemon's " + known.contract().getName()));
      } else {
        Node node = new Node(candidate);
        if (config.disabledPlugins().contains(uri)) {
          node.disabled();
        }
        byUri.put(uri, node);
      }
    }
    return List.copyOf(byUri.values());
  }

  private static PluginStatus rejected(Candidate candidate, String error) {
    Node node = new Node(candidate);
    node.failed(error, Duration.ZERO);
    return node.status();
  }

  private void create() {
    PrivateDirectories.createWithParents(config.root());
    PrivateDirectories.createSearchable(config.state());
    for (List<Node> level : levels) {
      List<PluginMaker.Creation> creations = new ArrayList<>();
      for (Node node : level) {
        if (node.state() == PluginStatus.State.WAITING) {
          String unmet = graph.unmet(node);
          if (unmet == null) {
            creations.add(maker.begin(node, bound(node)));
          } else {
            node.failed(unmet, Duration.ZERO);
          }
        }
      }
      // Making a guard's class costs milliseconds: the plugins are created meanwhile.
      creations.forEach(creation ->
          creation.node().guardWith(PluginMaker.guard(creation.node(), creation.bound())));
      creations.forEach(maker::finish);
      level.forEach(PluginHost::report);
    }
    levels = List.of();
    tables = Map.of();
  }

  private PluginTables.Bound bound(Node node) {
    return Objects.requireNonNull(tables.get(node.uri()));
  }

  private static void report(Node node) {
    String error = node.error();
    if (error == null) {
      return;
    }
    if (node.declaration().essential()) {
      throw new FailedPreconditionException("essential plugin " + node.uri() + " failed: " + error);
    }
    log.warn("plugin {} failed: {}", node.uri(), error);
  }

  /**
   * Closes all plugins in the reverse order of their creation, each after its calls have returned
   * or its time is up, then the class loaders of their jars. Idempotent.
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    hot.close();
    for (Node node : graph.nodes().reversed()) {
      if (node.isRunning()) {
        maker.close(node);
      }
    }
    hot.closeJars();
  }
}
