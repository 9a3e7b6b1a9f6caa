package dev.carafe.cri.streaming;

import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import java.time.Duration;

/** Control frames of a WebSocket (RFC 6455, section 5.5), and its closing handshake. */
final class WebSocketEnd extends PoliteEnd {
  private WebSocketCloseStatus status = WebSocketCloseStatus.NORMAL_CLOSURE;

  WebSocketEnd(Duration patience) {
    super(patience);
  }

  @Override
  void say(ChannelHandlerContext context) {
    context.writeAndFlush(new CloseWebSocketFrame(status));
  }

  /** Why the connection is about to be closed, if it is not the usual reason. */
  void because(WebSocketCloseStatus reason) {
    status = reason;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    switch (message) {
      case CloseWebSocketFrame close -> {
        if (isEnding()) {
          close.release();
          context.close();
        } else {
          beginEnd();
          context.writeAndFlush(close).addListener(ChannelFutureListener.CLOSE);
        }
      }
      case PingWebSocketFrame ping -> {
        if (isEnding()) {
          ping.release();
        } else {
          context.writeAndFlush(new PongWebSocketFrame(ping.content()));
        }
      }
      case PongWebSocketFrame pong -> pong.release();
      default -> super.channelRead(context, message);
    }
  }
}
