package dev.carafe.bench;

import dev.carafe.api.services.namespaces.v1.CreateNamespaceRequest;
import dev.carafe.api.services.namespaces.v1.Namespace;
import dev.carafe.api.services.namespaces.v1.NamespacesGrpc;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/** The daemon that is measured, and the stopwatch. */
final class Peer implements AutoCloseable {
  /** Calls that are under way at the same time. */
  private static final int AT_ONCE = 8;

  private static final int LARGEST_MESSAGE = 256 << 20;

  private final ManagedChannel channel;
  private final String name;
  private final boolean printing;

  Peer(Path socket, String name) {
    this(
        NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(socket))
            .channelType(NioDomainSocketChannel.class)
            .eventLoopGroup(
                new MultiThreadIoEventLoopGroup(
                    1, new DefaultThreadFactory("client", true), NioIoHandler.newFactory()))
            .usePlaintext()
            .overrideAuthority("localhost")
            .withOption(ChannelOption.SO_KEEPALIVE, null)
            .maxInboundMessageSize(LARGEST_MESSAGE)
            .build(),
        name,
        true);
  }

  private Peer(ManagedChannel channel, String name, boolean printing) {
    this.channel = channel;
    this.name = name;
    this.printing = printing;
  }

  /** The same daemon, without figures. */
  Peer silent() {
    return new Peer(channel, name, false);
  }

  /** Calls into a namespace, which is made, under a lease if it has a name. */
  Channel namespace(String namespace, String lease) {
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("containerd-namespace", Metadata.ASCII_STRING_MARSHALLER), namespace);
    if (!lease.isEmpty()) {
      headers.put(Metadata.Key.of("containerd-lease", Metadata.ASCII_STRING_MARSHALLER), lease);
    }
    return ClientInterceptors.intercept(
        channel, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  /** A namespace of its own for a kind of load. */
  Channel fresh(String kind) {
    String namespace = namespaceOf(kind);
    // containerd wants the header even here.
    NamespacesGrpc.newBlockingStub(namespace(namespace, ""))
        .create(
            CreateNamespaceRequest.newBuilder()
                .setNamespace(Namespace.newBuilder().setName(namespace))
                .build());
    return namespace(namespace, "");
  }

  String namespaceOf(String kind) {
    return kind + "-" + (printing ? "measured" : "warm");
  }

  interface Work {
    void run() throws Exception;
  }

  void measure(String figure, Work work) throws Exception {
    long from = System.nanoTime();
    work.run();
    long millis = (System.nanoTime() - from + 500_000) / 1_000_000;
    report(figure, millis);
  }

  void report(String figure, long value) {
    if (printing) {
      System.out.println(figure + " " + name + " " + value);
    }
  }

  /** Calls without a namespace. */
  Channel channel() {
    return channel;
  }

  /** Does something for each number below {@code count}, a few at a time. */
  static void each(int count, IntConsumer action) throws Exception {
    each(count, AT_ONCE, action);
  }

  static void each(int count, int atOnce, IntConsumer action) throws Exception {
    var next = new AtomicInteger();
    List<Future<?>> workers = new ArrayList<>();
    try (var executor = Executors.newFixedThreadPool(atOnce)) {
      for (int i = 0; i < atOnce; i++) {
        workers.add(
            executor.submit(() -> {
              for (int n = next.getAndIncrement(); n < count; n = next.getAndIncrement()) {
                action.accept(n);
              }
            }));
      }
      for (Future<?> worker : workers) {
        worker.get();
      }
    }
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
