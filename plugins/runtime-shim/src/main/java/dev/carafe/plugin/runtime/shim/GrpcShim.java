package dev.carafe.plugin.runtime.shim;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import dev.carafe.ttrpc.StatusCode;
import io.grpc.CallOptions;
import io.grpc.ClientInterceptors;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A shim that speaks gRPC. */
final class GrpcShim implements ShimConnection {
  private static final Metadata.Key<String> NAMESPACE =
      Metadata.Key.of("containerd-namespace", Metadata.ASCII_STRING_MARSHALLER);
  private static final int LARGEST_MESSAGE = 16 << 20;

  private final ManagedChannel channel;
  private final io.grpc.Channel calls;
  private final CompletableFuture<Void> closed = new CompletableFuture<>();

  /** The one thread of all gRPC shims; started with the first. */
  private static final class Loops {
    static final EventLoopGroup GROUP =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("shim-grpc", true), NioIoHandler.newFactory());
  }

  GrpcShim(Bootstrap bootstrap, String namespace) {
    this.channel =
        NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(bootstrap.socket()))
            .channelType(NioDomainSocketChannel.class, UnixDomainSocketAddress.class)
            // Not an option of such sockets, and gRPC sets it on all.
            .withOption(ChannelOption.SO_KEEPALIVE, null)
            .eventLoopGroup(Loops.GROUP)
            .usePlaintext()
            .overrideAuthority("localhost")
            .maxInboundMessageSize(LARGEST_MESSAGE)
            .disableRetry()
            .build();
    var headers = new Metadata();
    headers.put(NAMESPACE, namespace);
    this.calls =
        ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers));
    watch(channel.getState(true), false);
  }

  /** Once it was connected and is no more, it is over: gRPC would connect again by itself. */
  private void watch(ConnectivityState state, boolean wasReady) {
    boolean ready = state == ConnectivityState.READY;
    if (state == ConnectivityState.SHUTDOWN
        || state == ConnectivityState.TRANSIENT_FAILURE
        || (wasReady && !ready)) {
      close();
      return;
    }
    channel.notifyWhenStateChanged(state, () -> watch(channel.getState(false), wasReady || ready));
  }

  @Override
  public <T extends MessageLite> T call(
      String service, String method, MessageLite argument, Parser<T> parser, Duration timeout)
      throws InterruptedException {
    CallOptions options =
        timeout.isZero()
            ? CallOptions.DEFAULT
            : CallOptions.DEFAULT.withDeadlineAfter(timeout.toNanos(), TimeUnit.NANOSECONDS);
    try {
      return ClientCalls.blockingUnaryCall(
          calls, method(service, method, parser), options.withWaitForReady(), argument);
    } catch (StatusRuntimeException e) {
      if (Thread.interrupted()) {
        throw (InterruptedException) new InterruptedException(service + "/" + method).initCause(e);
      }
      Status status = e.getStatus();
      if (closed.isDone()
          || (status.getCode() == Status.Code.UNAVAILABLE && status.getCause() != null)) {
        throw new ShimGoneException("shim: " + status.getDescription(), e);
      }
      String words = status.getDescription();
      throw ShimFailures.of(
          StatusCode.of(status.getCode().value()), words == null ? status.toString() : words);
    }
  }

  private static <T extends MessageLite> MethodDescriptor<MessageLite, T> method(
      String service, String method, Parser<T> parser) {
    return MethodDescriptor.<MessageLite, T>newBuilder()
        .setType(MethodDescriptor.MethodType.UNARY)
        .setFullMethodName(MethodDescriptor.generateFullMethodName(service, method))
        .setRequestMarshaller(new Argument())
        .setResponseMarshaller(new Answer<>(parser))
        .build();
  }

  private record Argument() implements MethodDescriptor.Marshaller<MessageLite> {
    @Override
    public InputStream stream(MessageLite value) {
      return new ByteArrayInputStream(value.toByteArray());
    }

    @Override
    public MessageLite parse(InputStream stream) {
      throw new UnsupportedOperationException("arguments are only sent");
    }
  }

  private record Answer<T extends MessageLite>(Parser<T> parser)
      implements MethodDescriptor.Marshaller<T> {
    @Override
    public InputStream stream(T value) {
      throw new UnsupportedOperationException("answers are only received");
    }

    @Override
    public T parse(InputStream stream) {
      try {
        return parser.parseFrom(stream.readNBytes(LARGEST_MESSAGE));
      } catch (InvalidProtocolBufferException e) {
        throw Status.INTERNAL
            .withDescription("answer cannot be read: " + e.getMessage())
            .withCause(e)
            .asRuntimeException();
      } catch (IOException e) {
        throw Status.INTERNAL.withCause(e).asRuntimeException();
      }
    }
  }

  @Override
  public CompletableFuture<Void> closed() {
    return closed.copy();
  }

  @Override
  public void close() {
    channel.shutdownNow();
    closed.complete(null);
  }
}
