package dev.carafe.integration;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A connection to a daemon's gRPC API. */
final class Api implements AutoCloseable {
  private static final EventLoopGroup LOOP =
      new MultiThreadIoEventLoopGroup(
          1, new DefaultThreadFactory("client", true), NioIoHandler.newFactory());
  private static final Metadata.Key<String> NAMESPACE =
      Metadata.Key.of("containerd-namespace", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<String> LEASE =
      Metadata.Key.of("containerd-lease", Metadata.ASCII_STRING_MARSHALLER);

  private final ManagedChannel channel;

  private Api(ManagedChannel channel) {
    this.channel = channel;
  }

  static Api open(Path socket) {
    return new Api(
        NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(socket))
            .channelType(NioDomainSocketChannel.class)
            .eventLoopGroup(LOOP)
            .usePlaintext()
            .overrideAuthority("localhost")
            .withOption(io.netty.channel.ChannelOption.SO_KEEPALIVE, null)
            .maxInboundMessageSize(16 << 20)
            .build());
  }

  /** Calls go into this namespace. */
  Channel in(String namespace) {
    Metadata headers = new Metadata();
    headers.put(NAMESPACE, namespace);
    return ClientInterceptors.intercept(
        channel, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  /** Calls go into this namespace and under this lease. */
  Channel in(String namespace, String lease) {
    Metadata headers = new Metadata();
    headers.put(NAMESPACE, namespace);
    headers.put(LEASE, lease);
    return ClientInterceptors.intercept(
        channel, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  /** Calls without any header. */
  Channel bare() {
    return channel;
  }

  boolean serving() {
    HealthCheckResponse answer =
        HealthGrpc.newBlockingStub(channel)
            .withDeadlineAfter(2, TimeUnit.SECONDS)
            .check(HealthCheckRequest.getDefaultInstance());
    return answer.getStatus() == HealthCheckResponse.ServingStatus.SERVING;
  }

  @Override
  public void close() {
    channel.shutdownNow();
    try {
      channel.awaitTermination(5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
