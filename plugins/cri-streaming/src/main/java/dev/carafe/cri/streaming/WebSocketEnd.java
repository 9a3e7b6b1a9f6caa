package dev.carafe.cri.streaming;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Control frames of a WebSocket (RFC 6455, section 5.5), and its closing handshake. */
final class WebSocketEnd extends ChannelDuplexHandler {
  private final long patienceNanos;
  private WebSocketCloseStatus status = WebSocketCloseStatus.NORMAL_CLOSURE;
  private boolean ending;

  /**
   * @param patience how long the client may take to close
   */
  WebSocketEnd(Duration patience) {
    this.patienceNanos = patience.toNanos();
  }

  @Override
  public void close(ChannelHandlerContext context, ChannelPromise promise) {
    if (ending || !context.channel().isActive()) {
      context.close(promise);
      return;
    }
    ending = true;
    context.writeAndFlush(new CloseWebSocketFrame(status));
    ScheduledFuture<?> timer =
        context.executor().schedule(() -> context.close(), patienceNanos, TimeUnit.NANOSECONDS);
    context
        .channel()
        .closeFuture()
        .addListener(_ -> {
          timer.cancel(false);
          promise.trySuccess();
        });
  }

  /** Why the connection is about to be closed, if it is not the usual reason. */
  void because(WebSocketCloseStatus reason) {
    status = reason;
  }

  /** Netty's SPDY codec asks for more after each read, paused or not. */
  @Override
  public void read(ChannelHandlerContext context) {
    if (context.channel().config().isAutoRead()) {
      context.read();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    switch (message) {
      case CloseWebSocketFrame close -> {
        if (ending) {
          close.release();
          context.close();
        } else {
          ending = true;
          context.writeAndFlush(close).addListener(ChannelFutureListener.CLOSE);
        }
      }
      case PingWebSocketFrame ping -> {
        if (ending) {
          ping.release();
        } else {
          context.writeAndFlush(new PongWebSocketFrame(ping.content()));
        }
      }
      case PongWebSocketFrame pong -> pong.release();
      default -> {
        if (ending) {
          ReferenceCountUtil.release(message);
        } else {
          context.fireChannelRead(message);
        }
      }
    }
  }
}
