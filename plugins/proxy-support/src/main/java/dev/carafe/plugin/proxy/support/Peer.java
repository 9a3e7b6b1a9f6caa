package dev.carafe.plugin.proxy.support;

import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.plugins.Caller;
import dev.carafe.spi.plugins.ProxyPeer;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.BlockingClientCall;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Another process that serves gRPC on a Unix socket. It need not be there: connections are made
 * when there is something to say, and a call after a failed one tries again at once.
 *
 * <p>Every call is bounded in time and size, runs on the caller's thread, ends with its interrupt,
 * and carries the caller's namespace and lease, or those of the configuration.
 */
public final class Peer implements AutoCloseable {
  private static final int MESSAGE_LIMIT = 16 << 20;
  private static final int HEADER_LIMIT = 64 << 10;
  private static final int END_MILLIS = 300;
  private static final Metadata.Key<String> NAMESPACE =
      Metadata.Key.of("containerd-namespace", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<String> LEASE =
      Metadata.Key.of("containerd-lease", Metadata.ASCII_STRING_MARSHALLER);

  private final ProxyPeer settings;
  private final PeerFailures failures;
  private final AtomicReference<@Nullable ManagedChannel> current = new AtomicReference<>();
  private final Set<ManagedChannel> all = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  private Peer(ProxyPeer settings) {
    this.settings = settings;
    this.failures =
        new PeerFailures("proxy plugin " + settings.name() + " at " + settings.address());
  }

  /** One thread moves the bytes of all peers, from the first connection on. */
  private static final class Loop {
    static final EventLoopGroup SHARED =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("proxies", true), NioIoHandler.newFactory());
  }

  /** Opens no connection yet. */
  public static Peer open(ProxyPeer settings) {
    return new Peer(settings);
  }

  /** What the other process calls the plugin. */
  public String remoteName() {
    return settings.remoteName();
  }

  /** An answer that cannot be right; the message names the peer. */
  public DataLossException nonsense(String what) {
    return failures.nonsense(what);
  }

  /** Asks one thing. */
  public <Q, R> R call(MethodDescriptor<Q, R> method, Q request, Duration atMost) {
    ManagedChannel channel = channel();
    try {
      return ClientCalls.blockingUnaryCall(
          withHeaders(channel), method, options().withDeadlineAfter(atMost), request);
    } catch (StatusRuntimeException e) {
      throw failed(channel, e.getStatus(), e);
    }
  }

  /**
   * Asks for a stream of answers; each may take as long as its reader says.
   *
   * @param atMost for all of them; null for no bound but that of each
   */
  public <Q, R> PeerStream<Q, R> stream(
      MethodDescriptor<Q, R> method, Q request, @Nullable Duration atMost) {
    ManagedChannel channel = channel();
    CallOptions options = atMost == null ? options() : options().withDeadlineAfter(atMost);
    return stream(
        channel,
        ClientCalls.blockingV2ServerStreamingCall(withHeaders(channel), method, options, request));
  }

  /** Opens a stream in both directions. */
  public <Q, R> PeerStream<Q, R> talk(MethodDescriptor<Q, R> method) {
    ManagedChannel channel = channel();
    return stream(
        channel, ClientCalls.blockingBidiStreamingCall(withHeaders(channel), method, options()));
  }

  private <Q, R> PeerStream<Q, R> stream(ManagedChannel channel, BlockingClientCall<Q, R> call) {
    return new PeerStream<>(call, failures, e -> failed(channel, e.getStatus(), e));
  }

  /** Ends everything that is under way. Idempotent. */
  @Override
  public void close() {
    closed = true;
    current.set(null);
    all.forEach(ManagedChannel::shutdownNow);
    all.forEach(Peer::awaitEnd);
  }

  private static void awaitEnd(ManagedChannel channel) {
    try {
      channel.awaitTermination(END_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public String toString() {
    return failures.toString();
  }

  private static CallOptions options() {
    return CallOptions.DEFAULT.withMaxOutboundMessageSize(MESSAGE_LIMIT);
  }

  /** The channel in use; a new one if the last one lost its connection. */
  private ManagedChannel channel() {
    while (true) {
      ManagedChannel open = current.get();
      if (open != null) {
        return open;
      }
      if (closed) {
        throw failures.gone("is closed");
      }
      ManagedChannel made = connect();
      if (current.compareAndSet(null, made)) {
        all.removeIf(ManagedChannel::isTerminated);
        all.add(made);
        if (closed) {
          close();
        }
        return made;
      }
      made.shutdownNow();
    }
  }

  private ManagedChannel connect() {
    return NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(settings.address()))
        .channelType(NioDomainSocketChannel.class)
        .eventLoopGroup(Loop.SHARED)
        .withOption(io.netty.channel.ChannelOption.SO_KEEPALIVE, null)
        .usePlaintext()
        .overrideAuthority("localhost")
        .directExecutor()
        .disableRetry()
        .maxInboundMessageSize(MESSAGE_LIMIT)
        .maxInboundMetadataSize(HEADER_LIMIT)
        .build();
  }

  private Channel withHeaders(ManagedChannel channel) {
    Caller caller = Caller.current();
    boolean fixed = !settings.namespace().isEmpty();
    Metadata headers = new Metadata();
    put(headers, NAMESPACE, fixed ? settings.namespace() : caller.namespace());
    put(headers, LEASE, fixed ? settings.lease() : caller.lease());
    return ClientInterceptors.intercept(
        channel, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  private static void put(Metadata headers, Metadata.Key<String> key, String value) {
    if (!value.isEmpty()) {
      headers.put(key, value);
    }
  }

  private static boolean isOfTheConnection(Status.Code code) {
    return code == Status.Code.UNAVAILABLE || code == Status.Code.INTERNAL;
  }

  /**
   * A channel whose connection is gone waits longer and longer before it makes another one; a new
   * channel does not wait. What still runs on the old one may end there.
   */
  private DaemonException failed(ManagedChannel channel, Status status, Exception cause) {
    if (isOfTheConnection(status.getCode())
        && channel.getState(false) != ConnectivityState.READY
        && current.compareAndSet(channel, null)) {
      channel.shutdown();
    }
    DaemonException failure = failures.of(status, cause);
    return closed && failure instanceof UnavailableException ? failures.gone("is closed") : failure;
  }
}
