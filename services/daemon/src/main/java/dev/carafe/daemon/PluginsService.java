package dev.carafe.daemon;

import dev.carafe.api.plugins.v1.ChangeResponse;
import dev.carafe.api.plugins.v1.LoadRequest;
import dev.carafe.api.plugins.v1.PluginsGrpc;
import dev.carafe.api.plugins.v1.ReloadRequest;
import dev.carafe.api.plugins.v1.UnloadRequest;
import dev.carafe.host.HotPlugins;
import dev.carafe.host.config.DaemonConfig;
import dev.carafe.services.Calls;
import dev.carafe.spi.errors.InvalidArgumentException;
import io.grpc.BindableService;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.net.InetSocketAddress;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Plugin jars of this daemon, loaded and unloaded while it runs. Served on Unix sockets only. */
final class PluginsService extends PluginsGrpc.PluginsImplBase {
  private static final Logger LOG = LoggerFactory.getLogger(PluginsService.class);
  private static final int LONGEST_NAME = 4096;

  private final HotPlugins plugins;
  private final Supplier<DaemonConfig> config;

  private PluginsService(HotPlugins plugins, Supplier<DaemonConfig> config) {
    this.plugins = plugins;
    this.config = config;
  }

  /**
   * Makes the service.
   *
   * @param config reads the configuration as it is now, for the plugins' tables
   */
  static BindableService of(HotPlugins plugins, Supplier<DaemonConfig> config) {
    PluginsService service = new PluginsService(plugins, config);
    return () -> ServerInterceptors.intercept(service, new OnUnixSockets());
  }

  @Override
  public void load(LoadRequest request, StreamObserver<ChangeResponse> observer) {
    Calls.unary(
        observer,
        () -> told("loaded", plugins.load(path(checked("jar", request.getJar())), config.get())));
  }

  @Override
  public void unload(UnloadRequest request, StreamObserver<ChangeResponse> observer) {
    Calls.unary(
        observer, () -> told("unloaded", plugins.unload(checked("plugin", request.getPlugin()))));
  }

  @Override
  public void reload(ReloadRequest request, StreamObserver<ChangeResponse> observer) {
    Calls.unary(
        observer,
        () ->
            told("reloaded", plugins.reload(checked("plugin", request.getPlugin()), config.get())));
  }

  private static ChangeResponse told(String what, HotPlugins.Change change) {
    LOG.info("{} {} of \"{}\"", what, change.plugins(), change.jar());
    return ChangeResponse.newBuilder()
        .setJar(change.jar().toString())
        .addAllPlugins(change.plugins())
        .addAllWarnings(change.warnings())
        .build();
  }

  private static String checked(String field, String value) {
    if (value.isEmpty() || value.length() > LONGEST_NAME) {
      throw new InvalidArgumentException(
          field + ": must have 1 to " + LONGEST_NAME + " characters");
    }
    if (value.chars().anyMatch(Character::isISOControl)) {
      throw new InvalidArgumentException(field + ": must have no control characters");
    }
    return value;
  }

  private static Path path(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new InvalidArgumentException("jar: is no path: " + e.getReason(), e);
    }
  }

  /** Who may open the daemon's socket is root; who comes over TCP has a certificate. */
  private static final class OnUnixSockets implements ServerInterceptor {
    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
      if (call.getAttributes().get(Grpc.TRANSPORT_ATTR_LOCAL_ADDR) instanceof InetSocketAddress) {
        call.close(
            Status.PERMISSION_DENIED.withDescription(
                "plugins are changed over the daemon's Unix socket only"),
            new Metadata());
        return new ServerCall.Listener<>() {};
      }
      return next.startCall(call, headers);
    }
  }
}
