package dev.carafe.ctr.grpc;

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
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/** grpc-java's server on a Unix socket, as the daemon has it. */
public final class TestServer implements AutoCloseable {
  private static final int LIMIT = 64 << 20;

  /** Kept, so that its level is. Calls that tests break off are no news. */
  private static final Logger NETTY = Logger.getLogger("io");

  static {
    NETTY.setLevel(Level.OFF);
  }

  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();
  private final Server server;
  private volatile Metadata headers = new Metadata();

  public TestServer(Path socket, BindableService... services) throws IOException {
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(socket))
            .channelType(NioServerDomainSocketChannel.class)
            .bossEventLoopGroup(loops)
            .workerEventLoopGroup(loops)
            .executor(calls)
            .maxInboundMessageSize(LIMIT)
            .intercept(
                new ServerInterceptor() {
                  @Override
                  public <Q, R> ServerCall.Listener<Q> interceptCall(
                      ServerCall<Q, R> call, Metadata received, ServerCallHandler<Q, R> next) {
                    headers = received;
                    return next.startCall(call, received);
                  }
                });
    for (BindableService service : services) {
      builder.addService(service);
    }
    server = builder.build().start();
  }

  /** A header of the call that was begun last. */
  public String header(String name) {
    return headers.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
  }

  /** Takes no more calls; those under way go on. */
  void shutdown() {
    server.shutdown();
  }

  @Override
  public void close() {
    server.shutdownNow();
    try {
      server.awaitTermination(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    calls.shutdownNow();
    loops.shutdownGracefully(0, 0, TimeUnit.SECONDS);
  }
}
