package dev.carafe.cri.streaming;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.errors.UnavailableException;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.File;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Gives out URLs for streams and serves them. A URL holds a random token that is good for one
 * connection within {@link StreamingConfig#tokenTtl()}; there is no other proof, so URLs are
 * secrets.
 */
public final class StreamingServer implements AutoCloseable {
  private static final Duration HANDLERS_END = Duration.ofSeconds(5);
  private static final int EVENT_LOOPS = 2;

  private final StreamingConfig config;
  private final PendingRequests pending;
  private final Workers workers;
  private final EventLoopGroup loops;
  private final ChannelGroup connections;
  private final Channel listener;

  private StreamingServer(
      StreamingConfig config,
      PendingRequests pending,
      Workers workers,
      EventLoopGroup loops,
      ChannelGroup connections,
      Channel listener) {
    this.config = config;
    this.pending = pending;
    this.workers = workers;
    this.loops = loops;
    this.connections = connections;
    this.listener = listener;
  }

  /**
   * Listens.
   *
   * @throws InvalidArgumentException if certificate or key cannot be used
   * @throws UnavailableException if the address cannot be listened on
   */
  public static StreamingServer start(StreamingConfig config, StreamHandler handler) {
    SslContext tls = config.tls() ? tls(config) : null;
    PendingRequests pending =
        new PendingRequests(config.maxPending(), config.tokenTtl(), System::nanoTime);
    Workers workers = new Workers();
    Host host = new Host(config, handler, workers);
    ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    EventLoopGroup loops =
        new MultiThreadIoEventLoopGroup(
            EVENT_LOOPS,
            new DefaultThreadFactory("cri-streaming", true),
            NioIoHandler.newFactory());
    ChannelFuture bound =
        new ServerBootstrap()
            .group(loops)
            .channel(NioServerSocketChannel.class)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.SO_KEEPALIVE, true)
            .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, Session.ANSWERS)
            .childHandler(new Initializer(host, pending, connections, tls))
            .bind(new InetSocketAddress(InetAddress.ofLiteral(config.address()), config.port()))
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      loops.shutdownGracefully(0, 0, TimeUnit.SECONDS);
      throw new UnavailableException(
          config.address() + ":" + config.port() + ": " + Outcome.message(bound.cause()));
    }
    return new StreamingServer(config, pending, workers, loops, connections, bound.channel());
  }

  private static SslContext tls(StreamingConfig config) {
    try {
      SslContextBuilder builder =
          SslContextBuilder.forServer(new File(config.tlsCert()), new File(config.tlsKey()))
              .protocols("TLSv1.3", "TLSv1.2");
      if (!config.tlsCa().isEmpty()) {
        builder.trustManager(new File(config.tlsCa())).clientAuth(ClientAuth.REQUIRE);
      }
      return builder.build();
    } catch (IOException | IllegalArgumentException e) {
      throw new InvalidArgumentException(
          "tls_cert, tls_key or tls_ca cannot be used: " + e.getMessage(), e);
    }
  }

  /** What a connection starts with. */
  private static final class Initializer extends ChannelInitializer<Channel> {
    private final Host host;
    private final PendingRequests pending;
    private final ChannelGroup connections;
    private final @Nullable SslContext tls;

    Initializer(
        Host host, PendingRequests pending, ChannelGroup connections, @Nullable SslContext tls) {
      this.host = host;
      this.pending = pending;
      this.connections = connections;
      this.tls = tls;
    }

    @Override
    protected void initChannel(Channel channel) {
      if (connections.size() >= host.config().maxConnections()) {
        channel.close();
        return;
      }
      connections.add(channel);
      if (tls != null) {
        channel.pipeline().addLast(tls.newHandler(channel.alloc()));
      }
      channel.pipeline().addLast(HttpFront.codec(), new HttpFront(host, pending));
    }
  }

  /** Where streams are served: the port is that in use. */
  public InetSocketAddress address() {
    return (InetSocketAddress) listener.localAddress();
  }

  /**
   * A URL that runs a command.
   *
   * @throws ResourceExhaustedException if too many URLs are waiting to be used
   */
  public URI exec(ExecRequest request) {
    return url(request);
  }

  /**
   * A URL that attaches to a container.
   *
   * @throws ResourceExhaustedException if too many URLs are waiting to be used
   */
  public URI attach(AttachRequest request) {
    return url(request);
  }

  /**
   * A URL that forwards ports.
   *
   * @throws ResourceExhaustedException if too many URLs are waiting to be used
   */
  public URI portForward(PortForwardRequest request) {
    return url(request);
  }

  private URI url(Request request) {
    String token = pending.add(request);
    InetAddress address = address().getAddress();
    String host =
        address instanceof Inet6Address
            ? "[" + address.getHostAddress() + "]"
            : address.getHostAddress();
    return URI.create(
        (config.tls() ? "https://" : "http://")
            + host
            + ":"
            + address().getPort()
            + "/"
            + request.kind()
            + "/"
            + token);
  }

  /** Stops listening, interrupts the handlers, waits seconds for their ends, closes the rest. */
  @Override
  public void close() {
    listener.close().awaitUninterruptibly();
    workers.stop(HANDLERS_END);
    connections.forEach(Session::abort);
    loops
        .shutdownGracefully(0, HANDLERS_END.toMillis(), TimeUnit.MILLISECONDS)
        .awaitUninterruptibly(HANDLERS_END.toMillis());
  }
}
