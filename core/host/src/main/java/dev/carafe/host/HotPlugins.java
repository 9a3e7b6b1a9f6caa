package dev.carafe.host;

import dev.carafe.host.BoundedCall.StepFailedException;
import dev.carafe.host.config.DaemonConfig;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.PermissionDeniedException;
import dev.carafe.spi.plugins.PluginUse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads, unloads and reloads plugin jars while the daemon runs; a jar is the unit, with all its
 * plugins, since they share a class loader. One at a time. What does not succeed leaves everything
 * as it was.
 */
public final class HotPlugins {
  private static final Logger log = LoggerFactory.getLogger(HotPlugins.class);

  private final DaemonConfig config;
  private final PluginGraph graph;
  private final PluginMaker maker;
  private final PluginReload tables;
  private final JarCopies copies;
  private final List<LoadedJar> jars;
  private boolean closed;

  /**
   * What was done.
   *
   * @param plugins of the jar, by TYPE.ID
   * @param warnings what the operator should know, for example threads that go on
   */
  public record Change(Path jar, List<String> plugins, List<String> warnings) {
    public Change {
      plugins = List.copyOf(plugins);
      warnings = List.copyOf(warnings);
    }
  }

  HotPlugins(
      DaemonConfig config,
      PluginGraph graph,
      PluginMaker maker,
      PluginReload tables,
      JarCopies copies,
      List<LoadedJar> jars) {
    this.config = config;
    this.graph = graph;
    this.maker = maker;
    this.tables = tables;
    this.copies = copies;
    this.jars = new ArrayList<>(jars);
  }

  /**
   * Loads a jar and creates its plugins, all or none.
   *
   * @param now where the plugins' tables are read; directories are those of the start
   * @throws InvalidArgumentException if the path is not absolute, or a table has mistakes
   * @throws NotFoundException if there is no such file
   * @throws PermissionDeniedException if it is in no plugin directory, or others than root can
   *     write to it
   * @throws AlreadyExistsException if it is loaded, or brings a plugin that is there
   * @throws FailedPreconditionException if nothing can be made of it, or a plugin fails
   */
  public synchronized Change load(Path jar, DaemonConfig now) {
    requireOpen();
    Path path = AllowedJars.check(config, jar);
    if (jars.stream().anyMatch(one -> isIn(one) && one.path().equals(path))) {
      throw new AlreadyExistsException("\"" + path + "\" is loaded already: reload it");
    }
    LoadedJar loaded = open(path);
    try {
      List<Node> nodes = nodes(loaded, List.of());
      List<Node> all = new ArrayList<>(graph.nodes());
      all.addAll(nodes);
      List<Node> ordered = ordered(all, nodes);
      Map<String, PluginTables.Bound> bound = PluginTables.bindSome(now, nodes);
      create(ordered, bound);
      graph.forgetFailures(path.toString());
      bound.forEach(tables::taken);
      for (LoadedJar failed : List.copyOf(jars)) {
        if (failed.path().equals(path)) {
          failed.close();
          jars.remove(failed);
        }
      }
      jars.add(loaded);
      return new Change(path, uris(ordered), loaded.warnings());
    } catch (RuntimeException | Error e) {
      loaded.close();
      throw e;
    }
  }

  /**
   * Closes the plugins of a jar, and its class loader.
   *
   * @param name {@code TYPE.ID} or, where it is unambiguous, the id of one of them
   * @throws NotFoundException if there is no such plugin
   * @throws FailedPreconditionException if it is part of the daemon, or used; the message says by
   *     what
   */
  public synchronized Change unload(String name) {
    requireOpen();
    LoadedJar jar = jarOf(name);
    List<Node> nodes = nodesOf(jar);
    refuse("unloaded", name, reasons(nodes, false));
    hold(nodes, "unloaded", name, false);
    for (Node node : nodes.reversed()) {
      graph.put(node, null);
      discard(node);
      tables.gone(node.uri());
    }
    jars.remove(jar);
    return new Change(jar.path(), uris(nodes), closeJar(jar));
  }

  /**
   * Puts what is in a jar's file now in the place of what was loaded from it. Calls wait meanwhile.
   * The old plugins are closed before the new ones are created, since both may hold what only one
   * can; if a new one fails, the old ones are created again.
   *
   * @param name as for {@link #unload}
   * @param now where the plugins' tables are read
   * @throws FailedPreconditionException if it is part of the daemon, its very instance is used, or
   *     a new plugin fails: the message says what became of the old one
   */
  public synchronized Change reload(String name, DaemonConfig now) {
    requireOpen();
    LoadedJar old = jarOf(name);
    List<Node> before = nodesOf(old);
    refuse("reloaded", name, reasons(before, true));
    LoadedJar fresh = open(AllowedJars.check(config, old.path()));
    try {
      List<Node> nodes = nodes(fresh, before);
      for (Node node : before) {
        if (nodes.stream().noneMatch(other -> other.uri().equals(node.uri()))) {
          throw new FailedPreconditionException(
              "\"" + old.path() + "\" does not bring " + node.uri() + " any more: unload it first");
        }
      }
      List<Node> all = new ArrayList<>(graph.nodes());
      all.removeAll(before);
      all.addAll(nodes);
      List<Node> ordered = ordered(all, nodes);
      Map<String, PluginTables.Bound> bound = PluginTables.bindSome(now, nodes);
      hold(before, "reloaded", name, true);
      exchange(before, ordered, bound);
      bound.forEach(tables::taken);
      jars.set(jars.indexOf(old), fresh);
      List<String> warnings = new ArrayList<>(closeJar(old));
      ordered.getFirst().leftBehind(warnings);
      warnings.addAll(fresh.warnings());
      return new Change(fresh.path(), uris(ordered), warnings);
    } catch (RuntimeException | Error e) {
      fresh.close();
      throw e;
    }
  }

  /** Lets nobody in any more. */
  synchronized void close() {
    closed = true;
  }

  void closeJars() {
    jars.forEach(LoadedJar::close);
  }

  private void requireOpen() {
    if (closed) {
      throw new FailedPreconditionException("the daemon stops");
    }
  }

  private LoadedJar open(Path path) {
    Discovery.Found found = Discovery.trusted(config, copies, path);
    String problem = null;
    if (!found.failures().isEmpty()) {
      problem = String.valueOf(found.failures().getFirst().error());
    } else if (found.jars().getFirst().hasProxies()) {
      problem = "\"" + path + "\" brings a kind of proxy plugin: that takes a restart";
    }
    if (problem != null) {
      found.closeJars();
      throw new FailedPreconditionException(problem);
    }
    return found.jars().getFirst();
  }

  /**
   * Plugins that may come into the graph.
   *
   * @param before whose place they may take
   */
  private List<Node> nodes(LoadedJar jar, List<Node> before) {
    Map<String, Node> nodes = new LinkedHashMap<>();
    for (Candidate candidate : jar.candidates()) {
      Node node = new Node(candidate);
      String uri = node.uri();
      if (config.disabledPlugins().contains(uri)) {
        throw new FailedPreconditionException(uri + " is in disabled_plugins");
      }
      if (nodes.put(uri, node) != null) {
        throw new AlreadyExistsException("\"" + jar.path() + "\" brings " + uri + " twice");
      }
      for (Node other : graph.nodes()) {
        if (before.contains(other)) {
          continue;
        }
        if (other.uri().equals(uri)) {
          throw new AlreadyExistsException(
              uri + " is there already, from \"" + other.candidate().jar() + "\"");
        }
        if (other.kind().equals(node.kind())
            && other.declaration().type().contract() != node.declaration().type().contract()) {
          throw new FailedPreconditionException(
              "contract of "
                  + uri
                  + " is not the daemon's "
                  + other.declaration().type().contract().getName());
        }
        String user = graph.whoHasOnlyOne(node.kind());
        if (other.kind().equals(node.kind()) && other.isRunning() && user != null) {
          throw new FailedPreconditionException(
              uri + ": there can be one " + node.kind() + ", and " + user + " has " + other.uri());
        }
      }
    }
    return List.copyOf(nodes.values());
  }

  /** Some of all plugins in the order of what they require. */
  private static List<Node> ordered(List<Node> all, List<Node> some) {
    return GraphSorter.sort(all).stream()
        .flatMap(Collection::stream)
        .filter(some::contains)
        .toList();
  }

  /** Creates plugins in their order; on a failure none is left. */
  private void create(List<Node> ordered, Map<String, PluginTables.Bound> bound) {
    List<Node> made = new ArrayList<>();
    try {
      for (Node node : ordered) {
        PluginTables.Bound table = Objects.requireNonNull(bound.get(node.uri()));
        node.guardWith(PluginMaker.guard(node, table));
        make(node, table);
        made.add(node);
        graph.put(null, node);
      }
    } catch (RuntimeException | Error e) {
      for (Node node : made.reversed()) {
        graph.put(node, null);
        maker.close(node);
        discard(node);
      }
      throw e;
    }
  }

  private void make(Node node, PluginTables.Bound table) {
    String unmet = graph.unmet(node);
    if (unmet != null) {
      throw new FailedPreconditionException("plugin " + node.uri() + " " + unmet);
    }
    maker.finish(maker.begin(node, table));
    if (!node.isRunning()) {
      throw new FailedPreconditionException("plugin " + node.uri() + ": " + node.error());
    }
  }

  /** Closes a plugin that nobody can call any more, and lets go of it. */
  private void discard(Node node) {
    maker.closeInstance(node, closeTime());
    node.closed();
    GuardedPlugin guard = node.guard();
    if (guard != null) {
      guard.forget();
    }
  }

  /** Closes the old plugins, whose calls are held, and creates the new ones in their places. */
  private void exchange(
      List<Node> before, List<Node> ordered, Map<String, PluginTables.Bound> bound) {
    Map<String, Node> old = new LinkedHashMap<>();
    before.forEach(node -> old.put(node.uri(), node));
    before.reversed().forEach(node -> maker.closeInstance(node, closeTime()));
    List<Node> made = new ArrayList<>();
    try {
      for (Node node : ordered) {
        PluginTables.Bound table = Objects.requireNonNull(bound.get(node.uri()));
        Node replaced = old.get(node.uri());
        GuardedPlugin guard = replaced == null ? null : replaced.guard();
        node.guardWith(guard == null ? PluginMaker.guard(node, table) : guard);
        make(node, table);
        made.add(node);
        graph.put(replaced, node);
      }
    } catch (RuntimeException | Error e) {
      String outcome = goBack(old, made);
      throw new FailedPreconditionException(e.getMessage() + "; " + outcome, e);
    }
  }

  /** Creates the old plugins again; says what became of them. */
  private String goBack(Map<String, Node> old, List<Node> made) {
    for (Node node : made.reversed()) {
      Objects.requireNonNull(node.guard()).hold(closeTime());
      maker.closeInstance(node, closeTime());
      graph.put(node, old.get(node.uri()));
    }
    List<String> failed = new ArrayList<>();
    for (Node node : old.values()) {
      if (node.guard() == null) {
        continue;
      }
      maker.finish(maker.begin(node, Objects.requireNonNull(tables.inForce(node.uri()))));
      if (!node.isRunning()) {
        Objects.requireNonNull(node.guard()).forget();
        failed.add(node.uri() + " does not come back: " + node.error());
      }
    }
    return failed.isEmpty() ? "the old one goes on" : String.join("; ", failed);
  }

  /** Keeps callers waiting, or lets them go on and throws if there is a use after all. */
  private void hold(List<Node> nodes, String what, String name, boolean instance) {
    List<String> busy = new ArrayList<>();
    for (Node node : nodes) {
      GuardedPlugin guard = node.guard();
      if (guard != null && !guard.hold(closeTime())) {
        busy.add(node.uri() + ": " + guard.counters().inFlight() + " calls in flight");
      }
    }
    busy.addAll(uses(nodes, instance));
    if (!busy.isEmpty()) {
      nodes.forEach(node -> Optional.ofNullable(node.guard()).ifPresent(GuardedPlugin::release));
      refuse(what, name, busy);
    }
  }

  private static void refuse(String what, String name, List<String> reasons) {
    if (!reasons.isEmpty()) {
      throw new FailedPreconditionException(
          "plugin " + name + " is not " + what + ": " + String.join("; ", reasons));
    }
  }

  /** Why plugins stay, as far as can be seen while they are called. */
  private List<String> reasons(List<Node> nodes, boolean instance) {
    List<String> reasons = new ArrayList<>();
    for (Node node : nodes) {
      if (!node.isRunning()) {
        continue;
      }
      int calls = Objects.requireNonNull(node.guard()).boundedCalls();
      if (!instance && calls > 0) {
        reasons.add(node.uri() + ": " + calls + " calls in flight");
      }
      if (!instance && node.declaration().essential()) {
        reasons.add(node.uri() + " is essential");
      }
      Predicate<Node> sameKind = other -> other.kind().equals(node.kind()) && other.isRunning();
      boolean last =
          graph.nodes().stream().filter(other -> !nodes.contains(other)).noneMatch(sameKind);
      graph.nodes().stream()
          .filter(other -> !instance && last && !nodes.contains(other) && other.isRunning())
          .filter(other -> other.requires().contains(node.kind()))
          .forEach(other -> reasons.add(other.uri() + " requires " + node.uri()));
    }
    reasons.addAll(uses(nodes, instance));
    return reasons;
  }

  /** What other plugins say that they keep of these. */
  private List<String> uses(List<Node> nodes, boolean instance) {
    List<String> found = new ArrayList<>();
    for (Node user : graph.nodes()) {
      if (nodes.contains(user) || !user.isRunning()) {
        continue;
      }
      for (HostContext.Uses uses : user.uses()) {
        nodes.stream()
            .filter(node -> node.declaration().type().equals(uses.type()))
            .forEach(node -> found.addAll(ask(user, uses, node, instance)));
      }
    }
    return found;
  }

  /** A user that does not answer counts as one that uses it. */
  private List<String> ask(Node user, HostContext.Uses uses, Node node, boolean instance) {
    BoundedCall<List<PluginUse>> call =
        new BoundedCall<>(
            "plugin " + user.uri() + ": uses",
            user.candidate().loader(),
            () -> List.copyOf(uses.of().apply(node.id())));
    try {
      return call.start().get(closeTime()).stream()
          .filter(use -> use.instance() || !instance)
          .map(use -> node.uri() + ": " + use.what())
          .toList();
    } catch (StepFailedException e) {
      return List.of(user.uri() + " does not say what it uses: " + e.getMessage());
    }
  }

  private LoadedJar jarOf(String name) {
    List<Node> found =
        graph.nodes().stream()
            .filter(node -> node.uri().equals(name) || node.id().equals(name))
            .toList();
    Optional<Node> exact = found.stream().filter(node -> node.uri().equals(name)).findFirst();
    if (found.isEmpty()) {
      throw new NotFoundException("plugin \"" + name + "\": not found");
    }
    if (exact.isEmpty() && found.size() > 1) {
      throw new InvalidArgumentException("plugin \"" + name + "\" is one of " + uris(found));
    }
    Node node = exact.orElse(found.getFirst());
    LoadedJar jar =
        jars.stream()
            .filter(one -> one.candidates().contains(node.candidate()))
            .findFirst()
            .orElse(null);
    if (jar != null) {
      return jar;
    }
    throw new FailedPreconditionException(
        node.candidate().loader() == null
            ? "plugin " + node.uri() + " is part of the daemon: it changes with a restart"
            : "plugin " + node.uri() + " is made by the configuration: it changes with a restart");
  }

  private List<Node> nodesOf(LoadedJar jar) {
    return graph.nodes().stream()
        .filter(node -> jar.candidates().contains(node.candidate()))
        .toList();
  }

  /** Whether something of a jar is in the graph; one that failed at the start is not. */
  private boolean isIn(LoadedJar jar) {
    return !nodesOf(jar).isEmpty();
  }

  /** Closes a jar; says what it left behind. */
  private List<String> closeJar(LoadedJar jar) {
    List<String> threads = jar.threads();
    jar.close();
    if (threads.isEmpty()) {
      return List.of();
    }
    String warning =
        "\"" + jar.path() + "\" has left " + threads.size() + " threads running: " + threads;
    log.warn("{}", warning);
    return List.of(warning);
  }

  private Duration closeTime() {
    return Duration.ofSeconds(config.pluginLimits().closeSeconds());
  }

  private static List<String> uris(List<Node> nodes) {
    return nodes.stream().map(Node::uri).toList();
  }
}
