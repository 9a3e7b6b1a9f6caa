package dev.carafe.cni;

import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnavailableException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives pods their networks. One for each daemon, which may be closed and opened again on the same
 * state: what is set up stays so, and what was half done is removed.
 *
 * <p>Every plugin has a deadline and is killed when it is over. Calls for one pod take turns; those
 * for different pods run at once. All methods throw {@link DaemonException}s, whose messages name
 * network, plugin and verb.
 */
public final class Cni implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Cni.class);

  private final CniConfig config;
  private final AttachmentStore store;
  private final PodCidrs podCidrs;
  private final PluginRunner runner;
  private final Networks defaults;
  private final Map<String, Networks> byHandler = new HashMap<>();
  private final Set<String> fromEarlierRun;
  private final Monitor monitor;
  private final TearDowns tearDowns;
  private final Pods pods;
  private final Chain chain;

  private Cni(
      CniConfig config,
      Map<String, CniConfig.Directory> handlers,
      Path state,
      Duration firstRetry,
      Duration longestRetry) {
    this.config = config;
    this.store = AttachmentStore.open(state.resolve("attachments"));
    this.podCidrs = new PodCidrs(state);
    this.runner = new PluginRunner(config.binDirs());
    this.chain = new Chain(runner, config.pluginTimeout());
    Map<CniConfig.Directory, Networks> all = new HashMap<>();
    Function<CniConfig.Directory, Networks> networks =
        directory -> new Networks(directory, config.statusGracePeriod(), System::nanoTime);
    this.defaults = all.computeIfAbsent(config.directory(), networks);
    handlers.forEach(
        (name, directory) -> byHandler.put(name, all.computeIfAbsent(directory, networks)));
    this.fromEarlierRun = Set.copyOf(store.all().stream().map(PodRecord::id).toList());
    this.pods = new Pods(store, chain, config);
    this.tearDowns = new TearDowns(this::removeLeft, firstRetry, longestRetry);
    this.monitor =
        new Monitor(all.values(), new Negotiation(chain), chain, config.statusInterval());
  }

  /**
   * Opens it over what an earlier daemon left; looks at configurations, and removes what was half
   * done, in the background.
   *
   * @param handlers networks of runtime handlers that have their own
   * @param state a directory of its own that outlives the machine's boot, as what plugins keep does
   */
  public static Cni open(CniConfig config, Map<String, CniConfig.Directory> handlers, Path state) {
    return open(config, handlers, state, Duration.ofSeconds(1), Duration.ofMinutes(5));
  }

  static Cni open(
      CniConfig config,
      Map<String, CniConfig.Directory> handlers,
      Path state,
      Duration firstRetry,
      Duration longestRetry) {
    Cni cni = new Cni(config, handlers, state, firstRetry, longestRetry);
    cni.monitor.start();
    for (PodRecord record : cni.store.all()) {
      if (record.state() == PodRecord.State.ADDING || record.state() == PodRecord.State.LEAVING) {
        cni.tearDowns.now(record.id());
      }
    }
    return cni;
  }

  /** Whether a handler's pods can be given a network; answers from what was last seen. */
  public NetworkStatus status(String handler) {
    return networksOf(handler).status();
  }

  /** Handlers with networks of their own, for {@link #status} and {@link #describe}. */
  public Set<String> handlers() {
    return Set.copyOf(byHandler.keySet());
  }

  /** The configuration in use, as JSON in the form that containerd shows in verbose answers. */
  public String describe(String handler) {
    Networks networks = networksOf(handler);
    return Description.of(config.binDirs(), networks.directory(), networks.now());
  }

  /**
   * Sets loopback up and adds the pod to its networks: all, or none. The results are on the medium
   * when it returns. Asked again for a pod that has its networks in the same namespace, it returns
   * what they gave.
   *
   * @throws UnavailableException if there is no network, or a plugin wants to be asked later
   * @throws FailedPreconditionException if a plugin failed, or there is no such namespace
   */
  public NetworkResult setUp(PodNetwork pod) {
    try (Turns.Turn _ = pods.turn(pod.id())) {
      Optional<PodRecord> known = store.find(pod.id());
      if (known.isPresent()) {
        PodRecord record = known.get();
        if (record.state() == PodRecord.State.READY && isIn(record, pod.netns())) {
          pods.claim(pod.id());
          return Results.of(record.attachments(), config.ipPref());
        }
        remove(record);
      }
      List<Network> networks = networksOf(pod.handler()).require();
      return pods.add(pod, networks, podCidrs.get(), this::undo);
    }
  }

  private static boolean isIn(PodRecord record, Path netns) {
    return record.attachments().stream().allMatch(one -> one.netns().equals(netns.toString()));
  }

  /** After an add that failed; what cannot be removed now is removed later. */
  private void undo(PodRecord record, RuntimeException cause) {
    if (cause instanceof CancelledException) {
      tearDowns.now(record.id());
      return;
    }
    try {
      remove(record);
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
    }
  }

  /**
   * Removes a pod from its networks as it was added to them, whatever the configuration says now
   * and whether or not its namespace is still there. Does nothing if there is nothing to do. If a
   * plugin fails, it is tried again in the background, by this daemon or the next, besides the
   * failure that is thrown.
   */
  public void tearDown(String id) {
    Names.requireId(id);
    try (Turns.Turn _ = pods.turn(id)) {
      store.find(id).ifPresent(this::remove);
    }
  }

  private void remove(PodRecord record) {
    try {
      pods.remove(record, defaults::now);
    } catch (RuntimeException e) {
      tearDowns.later(record.id());
      throw e;
    }
  }

  /** An attempt in the background; the pod may have been added anew since. */
  private boolean removeLeft(String id) {
    try (Turns.Turn _ = pods.turn(id)) {
      Optional<PodRecord> record = store.find(id);
      if (record.isEmpty() || record.get().state() == PodRecord.State.READY) {
        return true;
      }
      pods.remove(record.get(), defaults::now);
      log.info("networks of pod {} are removed", id);
      return true;
    }
  }

  /**
   * Has the plugins check that all is as they left it.
   *
   * @throws NotFoundException if the pod has no networks
   */
  public void check(String id) {
    Names.requireId(id);
    try (Turns.Turn _ = pods.turn(id)) {
      pods.check(
          ready(id).orElseThrow(() -> new NotFoundException("pod \"" + id + "\": no network")));
    }
  }

  /** What {@link #setUp} returned, also for an earlier daemon; empty if the pod has no networks. */
  public Optional<NetworkResult> result(String id) {
    return ready(id).map(record -> Results.of(record.attachments(), config.ipPref()));
  }

  private Optional<PodRecord> ready(String id) {
    return store.find(id).filter(record -> record.state() == PodRecord.State.READY);
  }

  /**
   * Removes what is left of pods that an earlier daemon knew and that are no more, and has plugins
   * of version 1.1 and newer free what belongs to no pod. What this daemon has set up is never
   * touched. Failures are logged; removals are tried again.
   *
   * @param live ids of all pods that are
   */
  public void collect(Set<String> live) {
    for (String id : fromEarlierRun) {
      if (!live.contains(id) && store.find(id).isPresent()) {
        try {
          log.info("networks of pod {}, which is no more, are removed", id);
          collect(id);
        } catch (DaemonException e) {
          log.warn("networks of pod {} are not removed yet: {}", id, e.getMessage());
        }
      }
    }
    Set<Network> networks = new LinkedHashSet<>(defaults.now());
    byHandler.values().forEach(one -> networks.addAll(one.now()));
    pods.collect(networks);
  }

  private void collect(String id) {
    try (Turns.Turn _ = pods.turn(id)) {
      Optional<PodRecord> record = store.find(id);
      if (record.isPresent() && !pods.isAddedHere(id)) {
        remove(record.get());
      }
    }
  }

  /**
   * Takes the address ranges that this node's pods have: they are passed to plugins with the
   * capability {@code ipRanges}, and a configuration is made of the template, if there is one and
   * nobody else has put a configuration there. They hold until they are set again.
   */
  public void podCidrs(List<String> cidrs) {
    podCidrs.set(cidrs);
    if (config.confTemplate().isEmpty() || cidrs.isEmpty()) {
      return;
    }
    Path own = config.confDir().resolve(PodCidrs.CONFIGURATION);
    boolean others =
        defaults.now().stream().anyMatch(network -> !network.source().equals(own.toString()));
    if (others) {
      log.info("{} has a configuration: none is made from the template", config.confDir());
      return;
    }
    podCidrs.writeConfiguration(Path.of(config.confTemplate()), config.confDir());
    monitor.lookNow();
  }

  private Networks networksOf(String handler) {
    return byHandler.getOrDefault(handler, defaults);
  }

  /** Ends what runs in the background. Networks of pods stay. */
  @Override
  public void close() {
    monitor.close();
    tearDowns.close();
    runner.close();
  }
}
