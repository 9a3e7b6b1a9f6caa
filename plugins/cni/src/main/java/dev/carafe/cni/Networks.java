package dev.carafe.cni;

import dev.carafe.spi.errors.UnavailableException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The networks of one directory and whether they work. What was good stays in use for the grace
 * period when it goes bad: configurations are replaced in several steps, and one answer of a plugin
 * under load says little.
 */
final class Networks {
  private static final Logger log = LoggerFactory.getLogger(Networks.class);
  private static final Duration FIRST_LOOK = Duration.ofSeconds(3);

  /** How containerd says that there is no configuration, which people search for. */
  private static final String UNINITIALIZED = "cni plugin not initialized: ";

  private static final long NEVER = Long.MIN_VALUE;

  private final CniConfig.Directory directory;
  private final long graceNanos;
  private final LongSupplier clock;
  private final CountDownLatch looked = new CountDownLatch(1);

  private State state = State.bad(List.of(), UNINITIALIZED + "it is being looked at", "not loaded");
  private long failingSince = NEVER;

  /** What callers see. */
  private record State(List<Network> networks, NetworkStatus status, String problem) {
    State(List<Network> networks, NetworkStatus status) {
      this(networks, status, "");
    }

    static State bad(List<Network> networks, String problem, String lastLoad) {
      return new State(networks, NetworkStatus.notReady(problem, lastLoad), problem);
    }
  }

  Networks(CniConfig.Directory directory, Duration grace, LongSupplier nanoClock) {
    this.directory = directory;
    this.graceNanos = grace.toNanos();
    this.clock = nanoClock;
  }

  CniConfig.Directory directory() {
    return directory;
  }

  Path path() {
    return directory.path();
  }

  /** Reads the directory and asks its plugins. Called by one thread at a time. */
  void look(Negotiation negotiation, Chain chain) throws InterruptedException {
    ConfReader.Loaded loaded = ConfReader.read(directory);
    if (loaded.networks().isEmpty()) {
      observe(List.of(), loaded.summary(), UNINITIALIZED + loaded.problem());
      return;
    }
    List<Network> networks = loaded.networks();
    try {
      List<Network> settled = new ArrayList<>();
      for (Network network : networks) {
        settled.add(negotiation.settle(network));
      }
      networks = settled;
      for (Network network : settled) {
        chain.status(network);
      }
      observe(networks, loaded.summary(), "");
    } catch (PluginException e) {
      if (e.kind() == PluginException.Kind.CANCELLED) {
        throw new InterruptedException(e.getMessage());
      }
      observe(networks, loaded.summary(), String.valueOf(e.getMessage()));
    }
  }

  /**
   * Takes an observation in.
   *
   * @param problem empty if all is well
   */
  synchronized void observe(List<Network> networks, String lastLoad, String problem) {
    long now = clock.getAsLong();
    boolean wasReady = state.status().ready();
    if (problem.isEmpty()) {
      failingSince = NEVER;
      state = new State(networks, NetworkStatus.ready(lastLoad));
      if (!wasReady) {
        log.info(
            "networks of {} are ready: {}", path(), networks.stream().map(Network::name).toList());
      }
    } else {
      if (failingSince == NEVER) {
        failingSince = now;
        log.warn("networks of {}: {}", path(), problem);
      }
      boolean graceful = wasReady && now - failingSince < graceNanos;
      if (graceful) {
        List<Network> used = networks.isEmpty() ? state.networks() : networks;
        state = new State(used, NetworkStatus.ready(lastLoad));
      } else {
        state = State.bad(networks, problem, lastLoad);
        if (wasReady) {
          log.warn("networks of {} are not ready any more: {}", path(), problem);
        }
      }
    }
    looked.countDown();
  }

  /** As of the last look; waits a moment for the first one. */
  NetworkStatus status() {
    awaitFirstLook();
    synchronized (this) {
      return state.status();
    }
  }

  /** True if the last look found all well; not so in the grace period. */
  synchronized boolean isSettled() {
    return state.status().ready() && failingSince == NEVER;
  }

  /** What pods get now, the first one's interface first; empty if nothing could be read. */
  List<Network> now() {
    awaitFirstLook();
    synchronized (this) {
      return state.networks();
    }
  }

  /**
   * As {@link #now}.
   *
   * @throws UnavailableException if there are none
   */
  List<Network> require() {
    awaitFirstLook();
    synchronized (this) {
      if (state.networks().isEmpty()) {
        throw new UnavailableException(state.problem());
      }
      return state.networks();
    }
  }

  private void awaitFirstLook() {
    try {
      boolean _ = looked.await(FIRST_LOOK.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
