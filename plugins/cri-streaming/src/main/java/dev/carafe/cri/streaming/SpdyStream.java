package dev.carafe.cri.streaming;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.spdy.DefaultSpdyDataFrame;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One SPDY stream that a client opened. */
final class SpdyStream implements Outlet, Intake.Source {
  final int id;
  final String type;
  final String port;
  final String requestId;
  final Intake intake = new Intake(this);

  private final SpdySession session;
  private final AtomicBoolean ended = new AtomicBoolean();

  /** Who gets data as it comes, on the event loop, in place of the intake. */
  @Nullable Consumer<ByteBuf> listener;

  /** The handler that ends with this stream; on the event loop only. */
  @Nullable Thread run;

  /** What the client allows to be sent; guarded by the session's windows. */
  long sendWindow;

  /** Bytes taken since the client was told; guarded by this. */
  private int taken;

  SpdyStream(
      SpdySession session, int id, String type, String port, String requestId, int sendWindow) {
    this.session = session;
    this.id = id;
    this.type = type;
    this.port = port;
    this.requestId = requestId;
    this.sendWindow = sendWindow;
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    int sent = 0;
    while (sent < length) {
      if (ended.get()) {
        throw new IOException("stream is closed");
      }
      int count = session.acquire(this, Math.min(length - sent, Session.PIECE));
      session.send(new DefaultSpdyDataFrame(id, Session.copy(bytes, offset + sent, count)));
      sent += count;
    }
  }

  @Override
  public void end() throws IOException {
    if (ended.compareAndSet(false, true)) {
      session.send(new DefaultSpdyDataFrame(id).setLast(true));
    }
  }

  /** Takes what the client sent, on the event loop. */
  void receive(ByteBuf data) {
    if (listener == null) {
      intake.offer(data);
    } else {
      int size = data.readableBytes();
      listener.accept(data);
      consumed(size);
    }
  }

  boolean isEnded() {
    return ended.get();
  }

  /** The client wants nothing more of it. */
  void cut() {
    ended.set(true);
    intake.fail("the client reset the stream");
  }

  @Override
  public void pause() {
    session.pause();
  }

  @Override
  public void resume() {
    session.resume();
  }

  @Override
  public void consumed(int bytes) {
    int told;
    synchronized (this) {
      taken += bytes;
      if (taken < SpdySession.WINDOW / 2) {
        return;
      }
      told = taken;
      taken = 0;
    }
    session.allow(id, told);
  }

  /** Tells the client, which otherwise would not stop. */
  @Override
  public void unwanted() {
    session.channel.eventLoop().execute(this::endQuietly);
  }

  private void endQuietly() {
    if (ended.compareAndSet(false, true)) {
      session.channel.writeAndFlush(new DefaultSpdyDataFrame(id).setLast(true));
    }
  }
}
