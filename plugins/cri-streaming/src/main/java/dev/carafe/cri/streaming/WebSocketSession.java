package dev.carafe.cri.streaming;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A WebSocket whose messages are a channel's number and its bytes: one byte and the bytes as they
 * are, or a digit and base64.
 */
abstract class WebSocketSession extends Session {
  /** The channel on which v5 says that another one is closed. */
  private static final int CLOSE_SIGNAL = 255;

  final Protocol protocol;

  WebSocketSession(Host host, Channel channel, Protocol protocol) {
    super(host, channel);
    this.protocol = protocol;
  }

  /** What came on a channel, on the event loop; channels that are not there are ignored. */
  abstract void received(int number, ByteBuf data);

  /** The client closed a channel. */
  abstract void closed(int number);

  @Override
  Object ping() {
    return new PingWebSocketFrame();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object frame) {
    try {
      if (frame instanceof WebSocketFrame message) {
        message(message);
      }
    } finally {
      ReferenceCountUtil.release(frame);
    }
  }

  private void message(WebSocketFrame message) {
    boolean text = message instanceof TextWebSocketFrame;
    if (text != protocol.base64() || !(text || message instanceof BinaryWebSocketFrame)) {
      refuse(WebSocketCloseStatus.INVALID_MESSAGE_TYPE);
      return;
    }
    ByteBuf content = message.content();
    if (!content.isReadable()) {
      return;
    }
    active();
    int number = content.readUnsignedByte();
    if (protocol.base64()) {
      base64(number - '0', content);
    } else if (protocol.closes() && number == CLOSE_SIGNAL) {
      if (content.readableBytes() == 1) {
        closed(content.readUnsignedByte());
      }
    } else {
      received(number, content);
    }
  }

  private void base64(int number, ByteBuf content) {
    byte[] encoded = new byte[content.readableBytes()];
    content.readBytes(encoded);
    try {
      received(number, Unpooled.wrappedBuffer(Base64.getDecoder().decode(encoded)));
    } catch (IllegalArgumentException e) {
      refuse(WebSocketCloseStatus.INVALID_PAYLOAD_DATA);
    }
  }

  /** A way to send on a channel. Only the connection's end tells the client that it is over. */
  final Outlet outlet(int number) {
    AtomicBoolean ended = new AtomicBoolean();
    return new Outlet() {
      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        int sent = 0;
        while (sent < length) {
          if (ended.get()) {
            throw new IOException("stream is closed");
          }
          int count = Math.min(length - sent, PIECE);
          send(frame(number, bytes, offset + sent, count));
          sent += count;
        }
      }

      @Override
      public void end() {
        ended.set(true);
      }
    };
  }

  /** A message; an empty one tells a client that a channel is there. */
  final WebSocketFrame frame(int number, byte[] bytes, int offset, int length) {
    if (!protocol.base64()) {
      ByteBuf content = Unpooled.buffer(1 + length, 1 + length);
      content.writeByte(number).writeBytes(bytes, offset, length);
      return new BinaryWebSocketFrame(content);
    }
    byte[] encoded = Base64.getEncoder().encode(copy(bytes, offset, length).array());
    ByteBuf content = Unpooled.buffer(1 + encoded.length, 1 + encoded.length);
    content.writeByte('0' + number).writeBytes(encoded);
    return new TextWebSocketFrame(content);
  }

  /** An intake that pauses this connection. */
  final Intake intake() {
    return new Intake(
        new Intake.Source() {
          @Override
          public void pause() {
            WebSocketSession.this.pause();
          }

          @Override
          public void resume() {
            WebSocketSession.this.resume();
          }

          @Override
          public void consumed(int bytes) {
            // A WebSocket has no windows.
          }

          @Override
          public void unwanted() {
            // Nor a way to say that a channel is not read.
          }
        });
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    switch (cause) {
      case CorruptedWebSocketFrameException corrupt -> refuse(corrupt.closeStatus());
      case TooLongFrameException _ -> refuse(WebSocketCloseStatus.MESSAGE_TOO_BIG);
      default -> super.exceptionCaught(context, cause);
    }
  }

  private void refuse(WebSocketCloseStatus status) {
    WebSocketEnd end = channel.pipeline().get(WebSocketEnd.class);
    if (end == null) {
      abort();
      return;
    }
    end.because(status);
    finish();
    schedule(GRACE, this::abort);
  }
}
