package dev.carafe.daemon;

import dev.carafe.spi.errors.UnavailableException;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerInterceptor;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.ClientAuth;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * The gRPC server on its Unix socket and, where it is wanted, on TCP. Each call runs on a virtual
 * thread.
 */
final class ApiServer {
  private static final int MESSAGE_LIMIT = 16 << 20;
  private static final int HEADER_LIMIT = 64 << 10;
  private static final int DRAIN_MILLIS = 300;

  private final SocketFile socket;
  private final List<Server> servers;
  private final HealthStatusManager health;
  private final EventLoopGroup loops;
  private final ExecutorService calls;

  private ApiServer(
      SocketFile socket,
      List<Server> servers,
      HealthStatusManager health,
      EventLoopGroup loops,
      ExecutorService calls) {
    this.socket = socket;
    this.servers = List.copyOf(servers);
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
      List<ServerInterceptor> interceptors,
      Collection<ServerSettings> settings) {
    EventLoopGroup loops =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("grpc", true), NioIoHandler.newFactory());
    ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();
    HealthStatusManager health = new HealthStatusManager();
    List<BindableService> all = new ArrayList<>(services);
    all.add(health.getHealthService());
    if (settings.stream().anyMatch(ServerSettings::reflection)) {
      all.add(ProtoReflectionServiceV1.newInstance());
    }
    List<ServerInterceptor> around = new ArrayList<>(List.of(headers));
    around.addAll(interceptors);
    List<Server> servers = new ArrayList<>();
    String place = socket.path().toString();
    try {
      servers.add(
          served(
              NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(socket.path()))
                  .channelType(NioServerDomainSocketChannel.class),
              loops,
              calls,
              all,
              around));
      socket.restrict();
      for (ServerSettings setting : settings) {
        GrpcTcpFactory.Config tcp = setting.tcp();
        if (tcp != null && !tcp.address().isEmpty()) {
          place = tcp.address();
          servers.add(served(tcp(tcp), loops, calls, all, around));
        }
      }
      health.setStatus("", ServingStatus.SERVING);
      return new ApiServer(socket, servers, health, loops, calls);
    } catch (IOException | IllegalArgumentException e) {
      servers.forEach(Server::shutdownNow);
      loops.shutdownGracefully(0, 0, TimeUnit.SECONDS);
      throw new UnavailableException("address " + place + ": " + e.getMessage(), e);
    }
  }

  private static Server served(
      NettyServerBuilder builder,
      EventLoopGroup loops,
      ExecutorService calls,
      List<BindableService> services,
      List<ServerInterceptor> around)
      throws IOException {
    builder
        .bossEventLoopGroup(loops)
        .workerEventLoopGroup(loops)
        .executor(calls)
        .maxInboundMessageSize(MESSAGE_LIMIT)
        .maxInboundMetadataSize(HEADER_LIMIT)
        .permitKeepAliveWithoutCalls(true)
        .permitKeepAliveTime(5, TimeUnit.SECONDS);
    around.forEach(builder::intercept);
    services.forEach(service -> builder.addService(Unreadable.refused(service)));
    return builder.build().start();
  }

  private static NettyServerBuilder tcp(GrpcTcpFactory.Config tcp) throws IOException {
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(new InetSocketAddress(tcp.host(), tcp.port()))
            .channelType(NioServerSocketChannel.class)
            .handshakeTimeout(10, TimeUnit.SECONDS)
            .sslContext(
                GrpcSslContexts.forServer(new File(tcp.tlsCert()), new File(tcp.tlsKey()))
                    .trustManager(new File(tcp.tlsCa()))
                    .clientAuth(ClientAuth.REQUIRE)
                    .protocols("TLSv1.3", "TLSv1.2")
                    .build());
    if (!tcp.tlsCommonName().isEmpty()) {
      builder.intercept(new ClientName(tcp.tlsCommonName()));
    }
    return builder;
  }

  /** Where it listens on TCP, in the order of the settings. */
  List<Integer> tcpPorts() {
    return servers.stream().map(Server::getPort).filter(port -> port > 0).toList();
  }

  /**
   * Refuses new calls, gives those in flight a moment, then closes the connections. Streams must
   * end with their connection: one that is reset by itself reaches clients as CANCELLED, which
   * dockerd takes for its own doing, never to subscribe to events again.
   */
  void stop() {
    health.enterTerminalState();
    servers.forEach(Server::shutdown);
    servers.forEach(ApiServer::awaitEnd);
    loops.shutdownGracefully(0, 0, TimeUnit.SECONDS).awaitUninterruptibly(DRAIN_MILLIS);
    servers.forEach(Server::shutdownNow);
    calls.shutdownNow();
    servers.forEach(ApiServer::awaitEnd);
    socket.release();
  }

  private static void awaitEnd(Server server) {
    try {
      server.awaitTermination(DRAIN_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
