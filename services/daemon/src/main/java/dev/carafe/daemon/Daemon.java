package dev.carafe.daemon;

import dev.carafe.engine.observe.Observer;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.tasks.TaskService;
import dev.carafe.host.PluginHost;
import dev.carafe.host.PluginStatus;
import dev.carafe.host.config.DaemonConfig;
import dev.carafe.services.Calls;
import dev.carafe.services.GrpcService;
import dev.carafe.services.IntrospectionService;
import dev.carafe.services.PluginProblems;
import dev.carafe.services.debug.DebugPage;
import dev.carafe.services.telemetry.PluginCalls;
import dev.carafe.services.telemetry.Sources;
import dev.carafe.services.telemetry.Telemetry;
import dev.carafe.spi.plugins.PluginTypes;
import io.grpc.BindableService;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running daemon: the plugin graph and the server over it. */
final class Daemon {
  private static final Logger LOG = LoggerFactory.getLogger(Daemon.class);

  private final PluginHost host;

  /** What ends each part that runs, the last one first. */
  private final Deque<Runnable> ends;

  private final CountDownLatch stopped = new CountDownLatch(1);
  private boolean stopping;

  private Daemon(PluginHost host, Deque<Runnable> ends) {
    this.host = host;
    this.ends = ends;
  }

  /**
   * Starts everything; on return the API is served.
   *
   * @param now reads the configuration again
   */
  static Daemon start(DaemonConfig config, Supplier<DaemonConfig> now) {
    long began = System.nanoTime();
    Deque<Runnable> ends = new ArrayDeque<>();
    try {
      RootLock lock = RootLock.take(config.root());
      ends.push(lock::close);
      SocketFile socket = SocketFile.claim(config.grpc().address());
      SocketFile shimSocket = SocketFile.claim(ShimServer.beside(config.grpc().address()));
      PluginHost host = PluginHost.start(config);
      ends.push(host::close);
      host.find(PluginProblems.TYPE, "problems")
          .ifPresent(problems -> problems.ask(() -> Views.problems(host)));
      List<Observer> observers = new ArrayList<>();
      if (!config.debug().address().isEmpty()) {
        DebugPage page = Views.debugPage(host, config.debug().address());
        ends.push(page::close);
        observers.add(page.observer());
      }
      Telemetry telemetry = telemetry(host, config, observers);
      ends.push(telemetry::close);
      ShimServer shims = ShimServer.start(shimSocket, host.require(PluginTypes.EVENT_BUS));
      ends.push(shims::stop);
      List<BindableService> services = services(host, config, now);
      ApiServer backend =
          BackendServer.start(config.backend(), host.require(Metadata.TYPE), services);
      if (backend != null) {
        ends.push(backend::stop);
      }
      ApiServer server =
          ApiServer.start(
              socket,
              services,
              Calls.headers(),
              telemetry.interceptors(),
              host.all(ServerSettings.TYPE).values());
      ends.push(server::stop);
      Notify.send("READY=1");
      LOG.info("serving on {} after {} ms", socket.path(), (System.nanoTime() - began) / 1_000_000);
      return new Daemon(host, ends);
    } catch (RuntimeException | Error e) {
      ends.forEach(Runnable::run);
      throw e;
    }
  }

  private static Telemetry telemetry(
      PluginHost host, DaemonConfig config, List<Observer> observers) {
    return Telemetry.start(
        config.metrics().address(),
        config.metrics().grpcHistogram(),
        System.getenv(),
        new Sources(
            Version.TEXT,
            () -> host.require(Metadata.TYPE),
            () -> host.require(TaskService.TYPE).manager(),
            () -> calls(host)),
        observers);
  }

  private static List<PluginCalls> calls(PluginHost host) {
    Map<String, Duration> times = host.graph().callTimes();
    return host.graph().plugins().stream()
        .filter(plugin -> plugin.state() == PluginStatus.State.RUNNING)
        .map(plugin ->
            new PluginCalls(
                plugin.uri(),
                plugin.calls().calls(),
                times.getOrDefault(plugin.uri(), Duration.ZERO).toNanos() / 1e9,
                plugin.calls().failures(),
                plugin.calls().deadlineHits(),
                plugin.calls().refused(),
                plugin.calls().inFlight()))
        .toList();
  }

  private static List<BindableService> services(
      PluginHost host, DaemonConfig config, Supplier<DaemonConfig> now) {
    List<BindableService> services = new ArrayList<>();
    host.all(GrpcService.TYPE).values().forEach(plugin -> services.add(plugin.service()));
    services.add(PluginsService.of(host.hot(), now));
    services.add(
        new IntrospectionService(
            Views.listing(host),
            () -> host.require(TaskService.TYPE).handlers(),
            ServerId.of(config.root())));
    return services;
  }

  /** Hands changed tables to the plugins; returns what became of each. */
  List<String> reload(DaemonConfig config) {
    return host.reload(config);
  }

  /** Stops serving, then the plugins; containers go on. Idempotent. */
  synchronized void stop() {
    if (stopping) {
      return;
    }
    stopping = true;
    long began = System.nanoTime();
    Notify.send("STOPPING=1");
    ends.forEach(Runnable::run);
    LOG.info("stopped after {} ms; containers go on", (System.nanoTime() - began) / 1_000_000);
    stopped.countDown();
  }

  void awaitStop() {
    try {
      stopped.await();
    } catch (InterruptedException e) {
      stop();
    }
  }
}
