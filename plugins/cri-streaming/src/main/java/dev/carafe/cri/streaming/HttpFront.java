package dev.carafe.cri.streaming;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketFrameAggregator;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshakerFactory;
import io.netty.handler.codec.spdy.SpdyFrameCodec;
import io.netty.handler.codec.spdy.SpdyVersion;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one HTTP request of a connection: finds what its URL stands for and upgrades. */
final class HttpFront extends ChannelInboundHandlerAdapter {
  private static final Logger LOG = LoggerFactory.getLogger(HttpFront.class);

  /** How long a client may take to ask. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** How long a client that was told everything may take to read it and close. */
  private static final Duration LONGEST_END = Duration.ofMinutes(5);

  private static final String SPDY = "SPDY/3.1";
  private static final String VERSION = "X-Stream-Protocol-Version";
  private static final String ACCEPTED = "X-Accepted-Stream-Protocol-Versions";
  private static final int MAX_SPDY_HEADERS = 16 << 10;

  private final Host host;
  private final PendingRequests pending;
  private @Nullable HttpRequest request;
  private @Nullable ScheduledFuture<?> timer;
  private boolean answered;

  HttpFront(Host host, PendingRequests pending) {
    this.host = host;
    this.pending = pending;
  }

  static HttpServerCodec codec() {
    return new HttpServerCodec(4096, 32 << 10, 8192);
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    timer = context.executor().schedule(() -> context.close(), PATIENCE.toMillis(), MILLISECONDS);
    context.fireChannelActive();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext context) {
    if (timer != null) {
      timer.cancel(false);
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    try {
      if (answered) {
        return;
      }
      if (message instanceof HttpRequest start) {
        request = start;
        if (!start.decoderResult().isSuccess()) {
          answer(context, HttpResponseStatus.BAD_REQUEST, "not an HTTP request");
          return;
        }
      }
      if (message instanceof HttpContent content && content.content().isReadable()) {
        answer(context, HttpResponseStatus.BAD_REQUEST, "a request for a stream has no body");
        return;
      }
      if (message instanceof LastHttpContent && request != null) {
        answered = true;
        route(context, request);
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  private void route(ChannelHandlerContext context, HttpRequest asked) {
    String uri = asked.uri();
    int query = uri.indexOf('?');
    String[] path = (query < 0 ? uri : uri.substring(0, query)).split("/", -1);
    Optional<Request> found =
        path.length == 3 && path[0].isEmpty() ? pending.find(path[1], path[2]) : Optional.empty();
    if (found.isEmpty()) {
      answer(context, HttpResponseStatus.NOT_FOUND, "no such stream; a URL can be used once");
      return;
    }
    List<String> upgrades = asked.headers().getAll(HttpHeaderNames.UPGRADE);
    boolean upgrade =
        Protocol.contains(asked.headers().getAll(HttpHeaderNames.CONNECTION), "upgrade");
    if (upgrade && Protocol.contains(upgrades, "websocket")) {
      webSocket(context, asked, found.get(), path[2]);
    } else if (upgrade && Protocol.contains(upgrades, SPDY)) {
      spdy(context, asked, found.get(), path[2]);
    } else {
      answer(context, HttpResponseStatus.BAD_REQUEST, "upgrade to " + SPDY + " or websocket");
    }
  }

  private void spdy(ChannelHandlerContext context, HttpRequest asked, Request what, String token) {
    List<String> wanted = Protocol.split(asked.headers().getAll(VERSION));
    List<Protocol> offered = Protocol.spdy(what);
    Optional<Protocol> chosen =
        wanted.isEmpty() ? Optional.of(Protocol.UNNAMED) : Protocol.choose(wanted, offered);
    if (chosen.isEmpty()) {
      FullHttpResponse response =
          response(HttpResponseStatus.FORBIDDEN, "none of " + wanted + " is spoken here");
      offered.forEach(protocol -> response.headers().add(ACCEPTED, protocol.name()));
      answer(context, response);
      return;
    }
    if (!take(context, token)) {
      return;
    }
    FullHttpResponse response =
        new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.SWITCHING_PROTOCOLS);
    response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE);
    response.headers().set(HttpHeaderNames.UPGRADE, SPDY);
    if (!wanted.isEmpty()) {
      response.headers().set(VERSION, chosen.get().name());
    }
    context.writeAndFlush(response);
    ChannelPipeline pipeline = context.pipeline();
    pipeline.addLast(new PlainEnd(endPatience()));
    addSpdy(context, pipeline, what, chosen.get());
    pipeline.remove(this);
    pipeline.remove(HttpServerCodec.class);
  }

  private void addSpdy(
      ChannelHandlerContext context, ChannelPipeline pipeline, Request what, Protocol protocol) {
    SpdySession.Purpose purpose =
        switch (what) {
          case CommandRequest command -> new SpdyCommand(command, protocol);
          case PortForwardRequest ports -> new SpdyPorts(ports.sandboxId());
        };
    pipeline.addLast(new SpdyFrameCodec(SpdyVersion.SPDY_3_1, 8192, MAX_SPDY_HEADERS, 6, 15, 8));
    pipeline.addLast(new SpdySession(host, context.channel(), purpose));
  }

  private void webSocket(
      ChannelHandlerContext context, HttpRequest asked, Request what, String token) {
    List<String> wanted =
        Protocol.split(asked.headers().getAll(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL));
    Optional<Protocol> chosen =
        wanted.isEmpty()
            ? Optional.of(Protocol.UNNAMED)
            : Protocol.choose(wanted, Protocol.webSocket(what));
    if (chosen.isEmpty()) {
      answer(context, HttpResponseStatus.BAD_REQUEST, "none of " + wanted + " is spoken here");
      return;
    }
    if (what instanceof PortForwardRequest ports
        && ports.ports().isEmpty()
        && !chosen.get().tunnel()) {
      answer(context, HttpResponseStatus.BAD_REQUEST, "no ports were asked for");
      return;
    }
    DefaultFullHttpRequest handshake =
        new DefaultFullHttpRequest(
            asked.protocolVersion(),
            HttpMethod.GET,
            asked.uri(),
            Unpooled.EMPTY_BUFFER,
            asked.headers().copy(),
            new DefaultHttpHeaders());
    if (!wanted.isEmpty()) {
      handshake.headers().set(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL, chosen.get().name());
    }
    WebSocketServerHandshaker handshaker =
        new WebSocketServerHandshakerFactory(
                "", wanted.isEmpty() ? null : chosen.get().name(), decoding())
            .newHandshaker(handshake);
    if (!asked.method().equals(HttpMethod.GET)
        || handshaker == null
        || !asked.headers().contains(HttpHeaderNames.SEC_WEBSOCKET_KEY)) {
      answer(context, HttpResponseStatus.BAD_REQUEST, "not a WebSocket handshake of version 13");
      return;
    }
    if (!take(context, token)) {
      return;
    }
    handshaker
        .handshake(context.channel(), handshake)
        .addListener(done -> {
          if (!done.isSuccess()) {
            LOG.debug("no WebSocket for {}", context.channel().remoteAddress(), done.cause());
            context.close();
          }
        });
    ChannelPipeline pipeline = context.pipeline();
    pipeline.addLast(new WebSocketEnd(endPatience()));
    pipeline.addLast(new WebSocketFrameAggregator(host.config().maxMessageBytes()));
    if (chosen.get().tunnel()) {
      pipeline.addLast(new WebSocketTunnel());
      addSpdy(context, pipeline, what, chosen.get());
    } else {
      pipeline.addLast(
          switch (what) {
            case CommandRequest command ->
                new WebSocketCommand(host, context.channel(), command, chosen.get());
            case PortForwardRequest ports ->
                new WebSocketPorts(host, context.channel(), ports, chosen.get());
          });
    }
    pipeline.remove(this);
  }

  private WebSocketDecoderConfig decoding() {
    return WebSocketDecoderConfig.newBuilder()
        .maxFramePayloadLength(host.config().maxMessageBytes())
        .expectMaskedFrames(true)
        .allowExtensions(false)
        .closeOnProtocolViolation(false)
        .build();
  }

  private Duration endPatience() {
    Duration idle = host.config().idleTimeout();
    return idle.compareTo(LONGEST_END) < 0 ? idle : LONGEST_END;
  }

  private boolean take(ChannelHandlerContext context, String token) {
    if (pending.take(token)) {
      return true;
    }
    answer(context, HttpResponseStatus.NOT_FOUND, "no such stream; a URL can be used once");
    return false;
  }

  private void answer(ChannelHandlerContext context, HttpResponseStatus status, String text) {
    answer(context, response(status, text));
  }

  private void answer(ChannelHandlerContext context, FullHttpResponse response) {
    answered = true;
    response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    context.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
  }

  private static FullHttpResponse response(HttpResponseStatus status, String text) {
    byte[] body = (text + "\n").getBytes(StandardCharsets.UTF_8);
    FullHttpResponse response =
        new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, Unpooled.wrappedBuffer(body));
    response.headers().set(HttpHeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8");
    response.headers().set(HttpHeaderNames.CONTENT_LENGTH, body.length);
    return response;
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    LOG.debug("request of {} broken: {}", context.channel().remoteAddress(), cause.toString());
    context.close();
  }
}
