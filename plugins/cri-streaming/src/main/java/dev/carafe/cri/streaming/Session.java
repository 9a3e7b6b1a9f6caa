package dev.carafe.cri.streaming;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One upgraded connection, last in its pipeline: when it is read, how long it may be idle, and
 * which handlers run for it. Reading stops while a stream holds enough or the client does not take
 * its answers, so memory is bounded whatever the client does. As that also hides that a client is
 * gone, it is probed with pings.
 */
abstract class Session extends ChannelInboundHandlerAdapter {
  private static final Logger LOG = LoggerFactory.getLogger(Session.class);

  /** For saying goodbye to a client after its handlers were interrupted. */
  static final Duration GRACE = Duration.ofSeconds(10);

  /** The largest piece of a stream in one frame. */
  static final int PIECE = 32 << 10;

  /** Pieces on their way to the socket, of all streams together. */
  private static final int PIECES = 16;

  /**
   * Above what the pieces take, so that only a client that does not take answers (to pings, to
   * streams) is read no more; one that reads slowly still is.
   */
  static final WriteBufferWaterMark ANSWERS =
      new WriteBufferWaterMark(PIECES * PIECE * 3 / 2, PIECES * PIECE * 2);

  final Host host;
  final Channel channel;
  private final Set<Thread> handlers = ConcurrentHashMap.newKeySet();
  private final Semaphore pieces = new Semaphore(PIECES, /* fair= */ true);
  private volatile long lastActive = System.nanoTime();
  private volatile boolean idle;
  private volatile boolean gone;

  /** On the event loop only. */
  private int pauses;

  private boolean finished;

  /** They hold the session, some for hours, so they end with it. On the event loop only. */
  private final Set<ScheduledFuture<?>> timers = new HashSet<>();

  Session(Host host, Channel channel) {
    this.host = host;
    this.channel = channel;
  }

  /** The connection is upgraded; on the event loop. */
  abstract void opened();

  /** Nothing comes from the client any more; on the event loop. */
  abstract void lost();

  /** A frame that asks for an answer. */
  abstract Object ping();

  @Override
  public final void handlerAdded(ChannelHandlerContext context) {
    opened();
    schedule(host.config().pingInterval(), this::probe);
    schedule(host.config().idleTimeout(), this::checkIdle);
  }

  private void probe() {
    if (channel.isActive()) {
      if (channel.isWritable()) {
        channel.writeAndFlush(ping());
      }
      schedule(host.config().pingInterval(), this::probe);
    }
  }

  private void checkIdle() {
    if (!channel.isActive()) {
      return;
    }
    long left = lastActive + host.config().idleTimeout().toNanos() - System.nanoTime();
    if (left > 0) {
      schedule(Duration.ofNanos(left), this::checkIdle);
      return;
    }
    idle = true;
    handlers.forEach(Thread::interrupt);
    if (handlers.isEmpty()) {
      finish();
    }
    schedule(GRACE, this::abort);
  }

  /** Runs {@code task} later unless the connection ends before; on the event loop. */
  final ScheduledFuture<?> schedule(Duration delay, Runnable task) {
    ScheduledFuture<?> timer =
        channel.eventLoop().schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
    timers.add(timer);
    timer.addListener(_ -> timers.remove(timer));
    return timer;
  }

  /** Data went one way or the other. */
  final void active() {
    lastActive = System.nanoTime();
  }

  final boolean isIdle() {
    return idle;
  }

  /** Runs a handler, which is interrupted when the client is gone or idle for too long. */
  final Thread run(String name, Runnable body) {
    Thread thread =
        host.workers()
            .start(
                name,
                () -> {
                  handlers.add(Thread.currentThread());
                  try {
                    if (gone) {
                      Thread.currentThread().interrupt();
                    }
                    body.run();
                  } finally {
                    handlers.remove(Thread.currentThread());
                  }
                });
    LOG.debug("{} for {}", thread.getName(), channel.remoteAddress());
    return thread;
  }

  /**
   * Sends a frame and waits until the socket took it.
   *
   * @throws IOException if the client is gone
   * @throws InterruptedIOException on interrupt
   */
  final void send(Object frame) throws IOException {
    active();
    ChannelFuture sent;
    try {
      pieces.acquire();
      sent = channel.writeAndFlush(frame).addListener(_ -> pieces.release());
      sent.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while sending");
    }
    active();
    if (!sent.isSuccess()) {
      throw new IOException("the client is gone", sent.cause());
    }
  }

  /** A copy: an interrupted writer may use its array again before it is sent. */
  static ByteBuf copy(byte[] bytes, int offset, int length) {
    return Unpooled.copiedBuffer(bytes, offset, length);
  }

  final void pause() {
    pauses++;
    updateReading();
  }

  /** From any thread. */
  final void resume() {
    channel
        .eventLoop()
        .execute(() -> {
          pauses--;
          updateReading();
        });
  }

  private void updateReading() {
    boolean reading = finished || (pauses == 0 && channel.isWritable());
    if (channel.config().isAutoRead() != reading) {
      channel.config().setAutoRead(reading);
    }
  }

  @Override
  public final void channelWritabilityChanged(ChannelHandlerContext context) {
    updateReading();
    context.fireChannelWritabilityChanged();
  }

  @Override
  public final void channelInactive(ChannelHandlerContext context) {
    gone = true;
    handlers.forEach(Thread::interrupt);
    List.copyOf(timers).forEach(timer -> timer.cancel(false));
    lost();
    context.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    LOG.debug("stream of {} broken: {}", channel.remoteAddress(), cause.toString());
    abort();
  }

  /** Ends the connection once all that was sent is there; from any thread. */
  final void finish() {
    channel
        .eventLoop()
        .execute(() -> {
          finished = true;
          updateReading();
          channel.close();
        });
  }

  /** Ends the connection without another word. */
  final void abort() {
    abort(channel);
  }

  /** Ends a connection past the handlers that would make it a long goodbye. */
  static void abort(Channel channel) {
    ChannelHandlerContext first = channel.pipeline().firstContext();
    if (first == null) {
      channel.close();
    } else {
      first.close();
    }
  }
}
