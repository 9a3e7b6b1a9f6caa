package dev.carafe.daemon;

import dev.carafe.spi.errors.UnavailableException;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerInterceptor;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** The gRPC server on its Unix socket. Each call runs on a virtual thread. */
final class ApiServer {
  private static final int MESSAGE_LIMIT = 16 << 20;
  private static final int HEADER_LIMIT = 64 << 10;
  private static final int DRAIN_MILLIS = 300;

  private final SocketFile socket;
  private final Server server;
  private final HealthStatusManager health;
  private final EventLoopGroup loops;
  private final ExecutorService calls;

  private ApiServer(
      SocketFile socket,
      Server server,
      HealthStatusManager health,
      EventLoopGroup loops,
      ExecutorService calls) {
    this.socket = socket;
    this.server = server;
    this.health = health;
    this.loops = loops;
    this.calls = calls;
  }

  /**
   * Serves.
   *
   * @param headers what a call's namespace and lease are
   * @param interceptors what else looks at calls, before the headers are read
   */
  static ApiServer start(
      SocketFile socket,
      List<BindableService> services,
      ServerInterceptor headers,
      List<ServerInterceptor> interceptors) {
    EventLoopGroup loops =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("grpc", true), NioIoHandler.newFactory());
    ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();
    HealthStatusManager health = new HealthStatusManager();
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(socket.path()))
            .channelType(NioServerDomainSocketChannel.class)
            .bossEventLoopGroup(loops)
            .workerEventLoopGroup(loops)
            .executor(calls)
            .maxInboundMessageSize(MESSAGE_LIMIT)
            .maxInboundMetadataSize(HEADER_LIMIT)
            .permitKeepAliveWithoutCalls(true)
            .permitKeepAliveTime(5, TimeUnit.SECONDS)
            .intercept(headers)
            .addService(health.getHealthService());
    services.forEach(builder::addService);
    interceptors.forEach(builder::intercept);
    try {
      Server server = builder.build().start();
      socket.restrict();
      health.setStatus("", ServingStatus.SERVING);
      return new ApiServer(socket, server, health, loops, calls);
    } catch (IOException e) {
      loops.shutdownGracefully(0, 0, TimeUnit.SECONDS);
      throw new UnavailableException("address " + socket.path() + ": " + e.getMessage(), e);
    }
  }

  /** Refuses new calls, gives those in flight a moment, then cuts them off. */
  void stop() {
    health.enterTerminalState();
    server.shutdown();
    try {
      if (!server.awaitTermination(DRAIN_MILLIS, TimeUnit.MILLISECONDS)) {
        server.shutdownNow();
        server.awaitTermination(DRAIN_MILLIS, TimeUnit.MILLISECONDS);
      }
    } catch (InterruptedException e) {
      server.shutdownNow();
    }
    calls.shutdownNow();
    loops.shutdownGracefully(0, 0, TimeUnit.SECONDS);
    socket.release();
  }
}
