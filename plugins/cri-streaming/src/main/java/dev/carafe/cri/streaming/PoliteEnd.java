package dev.carafe.cri.streaming;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Closes in two steps: tells the client, and then waits a while for it to close. What it still
 * sends is dropped.
 */
abstract class PoliteEnd extends ChannelDuplexHandler {
  private final long patienceNanos;
  private boolean ending;

  /**
   * @param patience how long the client may take to close
   */
  PoliteEnd(Duration patience) {
    this.patienceNanos = patience.toNanos();
  }

  /** Tells the client that this side is done. */
  abstract void say(ChannelHandlerContext context);

  /** Whether the client has been told, by either side's wish. */
  final boolean isEnding() {
    return ending;
  }

  /** Nothing that comes from now on is of interest. */
  final void beginEnd() {
    ending = true;
  }

  @Override
  public final void close(ChannelHandlerContext context, ChannelPromise promise) {
    if (ending || !context.channel().isActive()) {
      context.close(promise);
      return;
    }
    ending = true;
    say(context);
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

  /** Netty's SPDY codec asks for more after each read, paused or not. */
  @Override
  public final void read(ChannelHandlerContext context) {
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
