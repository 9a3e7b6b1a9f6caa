package dev.carafe.cri.streaming;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolConfig;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolHandler;
import io.netty.handler.codec.spdy.DefaultSpdyDataFrame;
import io.netty.handler.codec.spdy.DefaultSpdyRstStreamFrame;
import io.netty.handler.codec.spdy.DefaultSpdySynStreamFrame;
import io.netty.handler.codec.spdy.SpdyDataFrame;
import io.netty.handler.codec.spdy.SpdyFrameCodec;
import io.netty.handler.codec.spdy.SpdyGoAwayFrame;
import io.netty.handler.codec.spdy.SpdyPingFrame;
import io.netty.handler.codec.spdy.SpdyRstStreamFrame;
import io.netty.handler.codec.spdy.SpdyStreamStatus;
import io.netty.handler.codec.spdy.SpdySynReplyFrame;
import io.netty.handler.codec.spdy.SpdyVersion;
import io.netty.handler.codec.spdy.SpdyWindowUpdateFrame;
import io.netty.handler.ssl.SslContext;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A client that speaks SPDY/3.1 as Kubernetes' do: it opens no windows and heeds none. */
final class SpdyClient implements AutoCloseable {
  private static final MultiThreadIoEventLoopGroup LOOPS =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

  /** One stream of the client's. */
  final class Stream {
    final int id;
    final CompletableFuture<Boolean> reply = new CompletableFuture<>();
    final CompletableFuture<byte[]> all = new CompletableFuture<>();

    /** Null if the connection was closed. */
    final CompletableFuture<@Nullable SpdyStreamStatus> reset = new CompletableFuture<>();

    final AtomicLong received = new AtomicLong();
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Stream(int id) {
      this.id = id;
    }

    void write(String text) {
      write(text.getBytes(StandardCharsets.UTF_8));
    }

    void write(byte[] data) {
      send(new DefaultSpdyDataFrame(id, Unpooled.copiedBuffer(data)));
    }

    void end() {
      send(new DefaultSpdyDataFrame(id).setLast(true));
    }

    void resetNow() {
      send(new DefaultSpdyRstStreamFrame(id, SpdyStreamStatus.CANCEL));
    }

    /** All that came until the server ended it. */
    String text() throws Exception {
      return new String(SpdyClient.get(all), StandardCharsets.UTF_8);
    }

    /** What came so far. */
    synchronized String soFar() {
      return bytes.toString(StandardCharsets.UTF_8);
    }

    private synchronized void take(ByteBuf data, boolean keep) throws Exception {
      received.addAndGet(data.readableBytes());
      if (keep) {
        bytes.write(ByteBufUtil.getBytes(data));
      }
    }
  }

  final Channel channel;
  final CompletableFuture<FullHttpResponse> response = new CompletableFuture<>();
  final CompletableFuture<Integer> goAway = new CompletableFuture<>();
  final CompletableFuture<Integer> pong = new CompletableFuture<>();
  final AtomicLong windowUpdates = new AtomicLong();
  final Map<Integer, Stream> streams = new ConcurrentHashMap<>();
  private final AtomicInteger nextId = new AtomicInteger(1);

  /** False where a test would keep too much. */
  volatile boolean keep = true;

  private SpdyClient(URI uri, @Nullable SslContext tls) throws InterruptedException {
    channel =
        new Bootstrap()
            .group(LOOPS)
            .channel(NioSocketChannel.class)
            .handler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel created) {
                    if (tls != null) {
                      created
                          .pipeline()
                          .addLast(tls.newHandler(created.alloc(), uri.getHost(), uri.getPort()));
                    }
                  }
                })
            .connect(new InetSocketAddress(uri.getHost(), uri.getPort()))
            .sync()
            .channel();
    channel
        .closeFuture()
        .addListener(_ -> {
          Exception gone = new IllegalStateException("connection closed");
          response.completeExceptionally(gone);
          for (Stream stream : streams.values()) {
            stream.all.completeExceptionally(gone);
            stream.reset.complete(null);
          }
        });
  }

  static SpdyClient connect(URI uri, String... protocols) throws Exception {
    return connect(uri, null, protocols);
  }

  static SpdyClient connect(URI uri, @Nullable SslContext tls, String... protocols)
      throws Exception {
    SpdyClient client = new SpdyClient(uri, tls);
    DefaultFullHttpRequest request =
        new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, uri.getPath());
    request.headers().set("Host", "x").set("Connection", "Upgrade").set("Upgrade", "SPDY/3.1");
    request.headers().set("Content-Length", "0");
    for (String protocol : protocols) {
      request.headers().add("X-Stream-Protocol-Version", protocol);
    }
    HttpClientCodec codec = new HttpClientCodec();
    client.channel.pipeline().addLast(codec, new HttpObjectAggregator(8192), client.upgrade(codec));
    client.channel.writeAndFlush(request);
    get(client.response);
    return client;
  }

  /** SPDY in the messages of a WebSocket. */
  static SpdyClient tunnel(URI uri) throws Exception {
    SpdyClient client = new SpdyClient(uri, null);
    CompletableFuture<Boolean> open = new CompletableFuture<>();
    client
        .channel
        .pipeline()
        .addLast(
            new HttpClientCodec(),
            new HttpObjectAggregator(8192),
            new WebSocketClientProtocolHandler(
                WebSocketClientProtocolConfig.newBuilder()
                    .webSocketUri(uri.toString().replace("http", "ws"))
                    .subprotocol(Protocol.TUNNEL)
                    .build()),
            new ChannelInboundHandlerAdapter() {
              @Override
              public void userEventTriggered(ChannelHandlerContext context, Object event) {
                if (event
                    == WebSocketClientProtocolHandler.ClientHandshakeStateEvent
                        .HANDSHAKE_COMPLETE) {
                  context.pipeline().addLast(new WebSocketTunnel());
                  client.addSpdy();
                  open.complete(true);
                }
              }
            });
    // The handshake starts when its handler hears of the connection, which it just missed.
    client.channel.eventLoop().execute(() -> client.channel.pipeline().fireChannelActive());
    get(open);
    return client;
  }

  private ChannelInboundHandlerAdapter upgrade(HttpClientCodec codec) {
    return new ChannelInboundHandlerAdapter() {
      @Override
      public void channelRead(ChannelHandlerContext context, Object message) {
        FullHttpResponse answer = (FullHttpResponse) message;
        if (answer.status().code() == 101) {
          context.pipeline().remove(HttpObjectAggregator.class);
          addSpdy();
          context.pipeline().remove(this);
          context.pipeline().remove(codec);
        }
        response.complete(answer);
      }
    };
  }

  private void addSpdy() {
    channel
        .pipeline()
        .addLast(
            new SpdyFrameCodec(SpdyVersion.SPDY_3_1),
            new ChannelInboundHandlerAdapter() {
              @Override
              public void channelRead(ChannelHandlerContext context, Object frame)
                  throws Exception {
                read(frame);
              }
            });
  }

  private void read(Object frame) throws Exception {
    switch (frame) {
      case SpdyDataFrame data -> {
        Stream stream = streams.get(data.streamId());
        stream.take(data.content(), keep);
        data.release();
        if (data.isLast()) {
          stream.all.complete(stream.bytes.toByteArray());
        }
      }
      case SpdySynReplyFrame reply -> streams.get(reply.streamId()).reply.complete(true);
      case SpdyRstStreamFrame reset -> {
        Stream stream = streams.get(reset.streamId());
        stream.reply.complete(false);
        stream.reset.complete(reset.status());
        stream.all.completeExceptionally(new IllegalStateException("reset"));
      }
      case SpdyGoAwayFrame away -> goAway.complete(away.status().code());
      case SpdyPingFrame ping -> {
        if (ping.id() % 2 != 0) {
          pong.complete(ping.id());
        }
      }
      case SpdyWindowUpdateFrame _ -> windowUpdates.incrementAndGet();
      default -> {}
    }
  }

  /** Opens a stream with these headers: name, value, … */
  Stream open(String... headers) {
    int id = nextId.getAndAdd(2);
    Stream stream = new Stream(id);
    streams.put(id, stream);
    DefaultSpdySynStreamFrame frame = new DefaultSpdySynStreamFrame(id, 0, (byte) 0);
    for (int i = 0; i < headers.length; i += 2) {
      frame.headers().set(headers[i], headers[i + 1]);
    }
    send(frame);
    return stream;
  }

  Stream type(String type) {
    return open("streamtype", type);
  }

  Stream forward(String type, int port, int request) {
    return open("streamtype", type, "port", "" + port, "requestid", "" + request);
  }

  void send(Object frame) {
    channel
        .writeAndFlush(frame)
        .addListener(sent -> {
          if (sent.cause() instanceof IllegalArgumentException mistake) {
            throw mistake;
          }
        });
  }

  void reading(boolean on) {
    channel.config().setAutoRead(on);
  }

  boolean closes() throws Exception {
    return channel.closeFuture().await(Served.PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(Served.PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    channel.close().awaitUninterruptibly();
  }
}
