package dev.carafe.daemon;

import dev.carafe.engine.stores.Metadata;
import dev.carafe.host.PluginHost;
import dev.carafe.host.PluginStatus;
import dev.carafe.host.config.DaemonConfig;
import dev.carafe.services.Calls;
import dev.carafe.services.GrpcService;
import dev.carafe.services.IntrospectionService;
import dev.carafe.services.PluginListing;
import dev.carafe.services.TaskService;
import io.grpc.BindableService;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running daemon: the plugin graph and the server over it. */
final class Daemon {
  private static final Logger LOG = LoggerFactory.getLogger(Daemon.class);

  private final RootLock lock;
  private final PluginHost host;
  private final ApiServer server;
  private final @Nullable ApiServer backend;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private boolean stopping;

  private Daemon(RootLock lock, PluginHost host, ApiServer server, @Nullable ApiServer backend) {
    this.lock = lock;
    this.host = host;
    this.server = server;
    this.backend = backend;
  }

  /** Starts everything; on return the API is served. */
  static Daemon start(DaemonConfig config) {
    long began = System.nanoTime();
    RootLock lock = RootLock.take(config.root());
    PluginHost host = null;
    ApiServer backend = null;
    try {
      SocketFile socket = SocketFile.claim(config.grpc().address());
      host = PluginHost.start(config);
      List<BindableService> services = services(host, config);
      backend = BackendServer.start(config.backend(), host.require(Metadata.TYPE), services);
      ApiServer server = ApiServer.start(socket, services, Calls.headers());
      Notify.send("READY=1");
      LOG.info("serving on {} after {} ms", socket.path(), (System.nanoTime() - began) / 1_000_000);
      return new Daemon(lock, host, server, backend);
    } catch (RuntimeException | Error e) {
      if (backend != null) {
        backend.stop();
      }
      if (host != null) {
        host.close();
      }
      lock.close();
      throw e;
    }
  }

  private static List<BindableService> services(PluginHost host, DaemonConfig config) {
    List<BindableService> services = new ArrayList<>();
    host.all(GrpcService.TYPE).values().forEach(plugin -> services.add(plugin.service()));
    services.add(
        new IntrospectionService(
            listing(host),
            () -> host.require(TaskService.TYPE).handlers(),
            ServerId.of(config.root())));
    return services;
  }

  private static PluginListing listing(PluginHost host) {
    return () -> host.graph().plugins().stream().map(Daemon::entry).toList();
  }

  private static PluginListing.Entry entry(PluginStatus plugin) {
    String error = plugin.error();
    return new PluginListing.Entry(
        plugin.type(),
        plugin.id(),
        plugin.requires(),
        plugin.capabilities(),
        plugin.exports(),
        error != null
            ? error
            : plugin.state() == PluginStatus.State.DISABLED ? "disabled: skip plugin" : "");
  }

  /** Stops serving, then the plugins; containers go on. Idempotent. */
  synchronized void stop() {
    if (stopping) {
      return;
    }
    stopping = true;
    long began = System.nanoTime();
    Notify.send("STOPPING=1");
    server.stop();
    if (backend != null) {
      backend.stop();
    }
    host.close();
    lock.close();
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
