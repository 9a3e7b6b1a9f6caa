package dev.carafe.plugin.nri;

import dev.carafe.api.nri.v1alpha1.ConfigureRequest;
import dev.carafe.api.nri.v1alpha1.ConfigureResponse;
import dev.carafe.api.nri.v1alpha1.Container;
import dev.carafe.api.nri.v1alpha1.ContainerUpdate;
import dev.carafe.api.nri.v1alpha1.PodSandbox;
import dev.carafe.api.nri.v1alpha1.SynchronizeRequest;
import dev.carafe.api.nri.v1alpha1.SynchronizeResponse;
import dev.carafe.api.nri.v1alpha1.UpdateContainersRequest;
import dev.carafe.api.nri.v1alpha1.UpdateContainersResponse;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.pods.PodHost;
import dev.carafe.ttrpc.StatusCode;
import dev.carafe.ttrpc.TtrpcException;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The plugins that take part, in the order of their indices. How one comes to be among them: it
 * says who it is, is configured, says what it wants to be told, is told what there is, and may want
 * changes to that. No container is lost to it meanwhile: what begins to be created before is among
 * what there is, what begins later waits until the plugin is ready to have its say.
 */
final class Plugins implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Plugins.class);

  /** There are a hundred indices; more than some of each is a mistake. */
  private static final int MOST = 256;

  /** The version of the interface that is spoken. */
  private static final String VERSION = "v0.12.2";

  private final NriConfig config;
  private final Listener listener;
  private final Launcher launcher;
  private final Set<Peer> connected = ConcurrentHashMap.newKeySet();
  private final CountDownLatch launched = new CountDownLatch(1);
  private volatile List<Peer> active = List.of();
  private volatile @Nullable PodHost host;
  private volatile boolean closed;

  /** What is being created, and who has a say in it. Guarded by itself. */
  private final Map<String, List<Peer>> creations = new HashMap<>();

  Plugins(NriConfig config, Path state) {
    this.config = config;
    this.listener = new Listener(Path.of(config.socket()), this::connected);
    this.launcher =
        new Launcher(Path.of(config.pluginPath()), Path.of(config.pluginConfigPath()), state);
  }

  /** Starts what is installed and takes connections, in the background. */
  void start(PodHost pods) {
    host = pods;
    List<Launcher.Installed> installed = launcher.find();
    if (installed.isEmpty()) {
      launched.countDown();
    }
    Thread.ofVirtual()
        .name("nri start")
        .start(() -> {
          try {
            launch(installed);
          } finally {
            launched.countDown();
          }
          if (!config.disableConnections() && !closed) {
            listener.start();
          }
        });
  }

  private void launch(List<Launcher.Installed> installed) {
    List<Thread> threads = new ArrayList<>();
    for (Launcher.Installed one : installed) {
      threads.add(
          Thread.ofVirtual()
              .name("nri plugin " + one.identity())
              .start(() -> {
                try {
                  Launcher.Running running = launcher.start(one);
                  Peer peer = peer(running.channel(), one.identity());
                  peer.onClose(() -> launcher.end(running));
                  admit(peer, one.configuration());
                } catch (DaemonException e) {
                  log.error("NRI plugin \"{}\" does not run: {}", one.identity(), e.getMessage());
                }
              }));
    }
    try {
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void connected(SocketChannel channel) {
    Peer peer = peer(channel, null);
    if (connected.size() >= MOST) {
      log.warn("NRI: a connection is refused: there are {} already", MOST);
      peer.close();
      return;
    }
    Thread.ofVirtual().name("nri plugin").start(() -> admit(peer, ""));
  }

  private Peer peer(SocketChannel channel, Peer.@Nullable Identity identity) {
    return new Peer(channel, identity, config.pluginRequestTimeout(), this::update);
  }

  private void admit(Peer peer, String configuration) {
    connected.add(peer);
    peer.onClose(() -> left(peer));
    if (closed) {
      peer.close();
      return;
    }
    try {
      peer.start();
      peer.awaitRegistration(config.pluginRegistrationTimeout());
      configure(peer, configuration);
      synchronize(peer);
      log.info("NRI plugin \"{}\" takes part", peer);
    } catch (Peer.GoneException e) {
      log.debug("NRI plugin \"{}\" does not take part", peer, e);
    } catch (InterruptedException e) {
      peer.close();
    } catch (RuntimeException e) {
      log.warn("NRI plugin \"{}\" does not take part: {}", peer, e.getMessage());
      peer.close();
    }
  }

  private void left(Peer peer) {
    connected.remove(peer);
    synchronized (creations) {
      if (active.contains(peer)) {
        log.info("NRI plugin \"{}\" is gone", peer);
        active = active.stream().filter(other -> other != peer).toList();
      }
    }
  }

  private void configure(Peer peer, String configuration)
      throws Peer.GoneException, InterruptedException {
    String version = Plugins.class.getPackage().getImplementationVersion();
    ConfigureResponse answer =
        peer.ask(
            "Configure",
            ConfigureRequest.newBuilder()
                .setConfig(configuration)
                .setRuntimeName("carafe")
                .setRuntimeVersion(version == null ? "0.1.0" : version)
                .setRegistrationTimeout(config.pluginRegistrationTimeout().toMillis())
                .setRequestTimeout(config.pluginRequestTimeout().toMillis())
                .setNRIVersion(VERSION)
                .build(),
            ConfigureResponse.parser());
    peer.subscribe(answer == null ? 0 : answer.getEvents());
  }

  private void synchronize(Peer peer) throws Peer.GoneException, InterruptedException {
    List<ContainerUpdate> wanted;
    try (Peer.Turn _ = peer.turn()) {
      join(peer);
      PodHost.Everything everything = host().everything();
      List<PodSandbox> pods = everything.pods().stream().map(Messages::pod).toList();
      Set<String> later = toBeAskedAbout(peer);
      List<Container> containers =
          everything.containers().stream()
              .filter(one -> !later.contains(one.id()))
              .map(Messages::container)
              .toList();
      wanted = synchronize(peer, Snapshot.of(pods, containers));
    }
    var updates = new Updates(new Ownership());
    updates.add(wanted, peer.toString());
    List<ContainerUpdate> unused = updates.carryOut(host());
  }

  /** Containers in whose creation the plugin is going to have a say. */
  private Set<String> toBeAskedAbout(Peer peer) {
    synchronized (creations) {
      return creations.entrySet().stream()
          .filter(creation -> creation.getValue().contains(peer))
          .map(Map.Entry::getKey)
          .collect(Collectors.toSet());
    }
  }

  /** From now on the plugin is asked, but waits for its turn. */
  private void join(Peer peer) {
    synchronized (creations) {
      List<Peer> more = new ArrayList<>(active);
      more.add(peer);
      more.sort(Comparator.comparing(Peer::index));
      if (!peer.isClosed()) {
        active = List.copyOf(more);
      }
    }
  }

  private List<ContainerUpdate> synchronize(Peer peer, List<SynchronizeRequest> messages)
      throws Peer.GoneException, InterruptedException {
    List<ContainerUpdate> wanted = List.of();
    for (SynchronizeRequest message : messages) {
      SynchronizeResponse answer =
          peer.ask("Synchronize", message, SynchronizeResponse.parser(), patience());
      if (answer == null) {
        answer = SynchronizeResponse.getDefaultInstance();
      }
      if (message.getMore() && (!answer.getMore() || answer.getUpdateCount() > 0)) {
        throw new TtrpcException(
            StatusCode.FAILED_PRECONDITION, "does not take what there is in several messages");
      }
      wanted = answer.getUpdateList();
    }
    return wanted;
  }

  /** Looking at everything may take as long as registering, or as answering. */
  private Duration patience() {
    Duration registration = config.pluginRegistrationTimeout();
    Duration request = config.pluginRequestTimeout();
    return registration.compareTo(request) > 0 ? registration : request;
  }

  private UpdateContainersResponse update(Peer peer, UpdateContainersRequest request) {
    if (!active.contains(peer)) {
      throw new TtrpcException(StatusCode.FAILED_PRECONDITION, "plugin does not take part yet");
    }
    var updates = new Updates(new Ownership());
    updates.add(request.getUpdateList(), peer.toString());
    List<ContainerUpdate> failed = updates.carryOut(host());
    request.getEvictList().forEach(one -> host().evict(one.getContainerId(), one.getReason()));
    return UpdateContainersResponse.newBuilder().addAllFailed(failed).build();
  }

  /** Whether there are plugins, or are about to be. */
  boolean any() {
    return !active.isEmpty() || host != null && launched.getCount() > 0;
  }

  /** All that take part, once those that are installed have had the time to. */
  List<Peer> all() {
    awaitLaunch();
    return active;
  }

  /** The same, for what is to be created; until {@link #endCreation}. */
  List<Peer> beginCreation(String container) {
    awaitLaunch();
    synchronized (creations) {
      creations.put(container, active);
      return active;
    }
  }

  private void awaitLaunch() {
    try {
      launched.await();
    } catch (InterruptedException e) {
      throw Peer.cancelled(e);
    }
  }

  void endCreation(String container) {
    synchronized (creations) {
      creations.remove(container);
    }
  }

  PodHost host() {
    return Objects.requireNonNull(host, "not attached");
  }

  @Override
  public String toString() {
    return active.stream().map(Peer::toString).collect(Collectors.joining(", "));
  }

  @Override
  public void close() {
    closed = true;
    listener.close();
    List.copyOf(connected).forEach(Peer::close);
    launcher.close();
  }
}
