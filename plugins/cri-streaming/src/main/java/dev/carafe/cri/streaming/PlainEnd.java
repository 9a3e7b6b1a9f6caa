package dev.carafe.cri.streaming;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Closes by half: a socket that is closed with bytes unread makes the kernel send a reset, which
 * can overtake the last output. So the rest of the client's input is dropped until it closes, too.
 */
final class PlainEnd extends ChannelDuplexHandler {
  private final long patienceNanos;
  private boolean ending;

  /**
   * @param patience how long the client may take to close
   */
  PlainEnd(Duration patience) {
    this.patienceNanos = patience.toNanos();
  }

  @Override
  public void close(ChannelHandlerContext context, ChannelPromise promise) {
    if (ending || !context.channel().isActive()) {
      context.close(promise);
      return;
    }
    ending = true;
    SslHandler tls = context.pipeline().get(SslHandler.class);
    if (tls == null) {
      halfClose(context);
    } else {
      tls.closeOutbound().addListener(_ -> halfClose(context));
    }
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

  /** Netty's SPDY codec asks for more after each read, paused or not. */
  @Override
  public void read(ChannelHandlerContext context) {
    if (context.channel().config().isAutoRead()) {
      context.read();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (ending) {
      ReferenceCountUtil.release(message);
    } else {
      context.fireChannelRead(message);
    }
  }
}
