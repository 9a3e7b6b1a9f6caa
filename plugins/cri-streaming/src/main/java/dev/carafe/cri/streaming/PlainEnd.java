package dev.carafe.cri.streaming;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import java.time.Duration;

/**
 * Closes by half: a socket that is closed with bytes unread makes the kernel send a reset, which
 * can overtake the last output. So the rest of the client's input is dropped until it closes, too.
 */
final class PlainEnd extends PoliteEnd {
  PlainEnd(Duration patience) {
    super(patience);
  }

  @Override
  void say(ChannelHandlerContext context) {
    SslHandler tls = context.pipeline().get(SslHandler.class);
    if (tls == null) {
      halfClose(context);
    } else {
      tls.closeOutbound().addListener(_ -> halfClose(context));
    }
  }

  private static void halfClose(ChannelHandlerContext context) {
    if (context.channel() instanceof DuplexChannel duplex) {
      duplex
          .shutdownOutput()
          .addListener(done -> {
            if (!done.isSuccess()) {
              context.close();
            }
          });
    } else {
      context.close();
    }
  }
}
