package dev.carafe.plugin.proxy.testing;

import dev.carafe.services.Calls;
import dev.carafe.spi.plugins.ProxyPeer;
import io.grpc.BindableService;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** Serves gRPC on a Unix socket, as another process would, and remembers what it was told. */
public final class PeerServer implements AutoCloseable {
  private static final EventLoopGroup LOOP =
      new MultiThreadIoEventLoopGroup(
          1, new DefaultThreadFactory("peers", true), NioIoHandler.newFactory());

  private final Path socket;
  private final Server server;
  private final ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();
  private final List<Metadata> headers = new CopyOnWriteArrayList<>();

  private PeerServer(Path socket, List<BindableService> services) {
    this.socket = socket;
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(socket))
            .channelType(NioServerDomainSocketChannel.class)
            .bossEventLoopGroup(LOOP)
            .workerEventLoopGroup(LOOP)
            .withChildOption(io.netty.channel.ChannelOption.SO_KEEPALIVE, null)
            .executor(calls)
            .maxInboundMessageSize(16 << 20)
            .intercept(Calls.headers())
            .intercept(new Recorder());
    services.forEach(builder::addService);
    try {
      Files.deleteIfExists(socket);
      this.server = builder.build().start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Serves these; whatever is at the path makes room. */
  public static PeerServer start(Path socket, BindableService... services) {
    return new PeerServer(socket, List.of(services));
  }

  /** Settings of a proxy for a socket; calls belong to the namespace {@code default}. */
  public static ProxyPeer settings(Path socket, String... capabilities) {
    return new ProxyPeer("tested", "tested", socket, socket, Set.of(capabilities), "default", "");
  }

  /** Headers of all calls so far, in the order of their arrival. */
  public List<Metadata> headers() {
    return List.copyOf(headers);
  }

  /** Dies: connections break, the socket's file stays. */
  @Override
  public void close() {
    server.shutdownNow();
    try {
      server.awaitTermination(2, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    calls.shutdownNow();
  }

  @Override
  public String toString() {
    return "peer at " + socket;
  }

  private final class Recorder implements ServerInterceptor {
    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, R> call, Metadata received, ServerCallHandler<Q, R> next) {
      headers.add(received);
      return next.startCall(call, received);
    }
  }
}
