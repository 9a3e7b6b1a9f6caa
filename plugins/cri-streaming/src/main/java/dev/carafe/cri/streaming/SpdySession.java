package dev.carafe.cri.streaming;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.spdy.DefaultSpdyGoAwayFrame;
import io.netty.handler.codec.spdy.DefaultSpdyPingFrame;
import io.netty.handler.codec.spdy.DefaultSpdyRstStreamFrame;
import io.netty.handler.codec.spdy.DefaultSpdySynReplyFrame;
import io.netty.handler.codec.spdy.DefaultSpdyWindowUpdateFrame;
import io.netty.handler.codec.spdy.SpdyDataFrame;
import io.netty.handler.codec.spdy.SpdyHeadersFrame;
import io.netty.handler.codec.spdy.SpdyPingFrame;
import io.netty.handler.codec.spdy.SpdyRstStreamFrame;
import io.netty.handler.codec.spdy.SpdySessionStatus;
import io.netty.handler.codec.spdy.SpdySettingsFrame;
import io.netty.handler.codec.spdy.SpdyStreamStatus;
import io.netty.handler.codec.spdy.SpdySynReplyFrame;
import io.netty.handler.codec.spdy.SpdySynStreamFrame;
import io.netty.handler.codec.spdy.SpdyWindowUpdateFrame;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.HashMap;
import java.util.Map;

/**
 * SPDY/3.1 above netty's frame codec. Netty's own session handler does not fit: it obeys send
 * windows always, and Kubernetes' clients never open them (spdystream ignores flow control), so
 * everything after 64 KiB would wait for ever; and it opens receive windows for bytes that nobody
 * took yet. Here windows count from the first sign that a client knows them, and open as bytes are
 * taken.
 */
final class SpdySession extends Session {
  /** What the streams of a session are for. Called on the event loop. */
  interface Purpose {
    /** Whether the stream is wanted; sends nothing, for the client has no answer yet. */
    boolean accept(SpdySession session, SpdyStream stream);

    void opened(SpdySession session);

    /** The client reset the stream. */
    void reset(SpdySession session, SpdyStream stream);
  }

  static final int WINDOW = 64 << 10;

  private final Purpose purpose;
  private final Map<Integer, SpdyStream> streams = new HashMap<>();
  private int lastId;
  private int nextPing;
  private int takenOfSession;
  private boolean broken;

  /** Guards the windows, those of streams too. */
  private final Object windows = new Object();

  private long sessionWindow = WINDOW;
  private int initialWindow = WINDOW;
  private boolean clientKnowsWindows;
  private boolean over;

  SpdySession(Host host, Channel channel, Purpose purpose) {
    super(host, channel);
    this.purpose = purpose;
  }

  @Override
  void opened() {
    purpose.opened(this);
  }

  @Override
  Object ping() {
    nextPing = nextPing >= Integer.MAX_VALUE - 2 ? 2 : nextPing + 2;
    return new DefaultSpdyPingFrame(nextPing);
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object frame) {
    try {
      if (!broken) {
        read(frame);
      }
    } finally {
      ReferenceCountUtil.release(frame);
    }
  }

  private void read(Object frame) {
    switch (frame) {
      case SpdyDataFrame data -> data(data);
      case SpdySynStreamFrame open -> open(open);
      case SpdySynReplyFrame _ -> violated();
      case SpdyHeadersFrame headers -> {
        if (headers.isInvalid()) {
          violated();
        }
      }
      case SpdyRstStreamFrame reset -> {
        SpdyStream stream = streams.get(reset.streamId());
        if (stream != null) {
          stream.cut();
          wakeSenders();
          purpose.reset(this, stream);
        }
      }
      case SpdySettingsFrame settings -> settings(settings);
      case SpdyWindowUpdateFrame update -> update(update);
      case SpdyPingFrame ping -> {
        if (ping.id() % 2 != 0) {
          channel.writeAndFlush(new DefaultSpdyPingFrame(ping.id()));
        }
      }
      default -> {
        // GOAWAY: the client opens no more streams, and closes when it likes.
      }
    }
  }

  private void data(SpdyDataFrame data) {
    int id = data.streamId();
    if (id > lastId || id % 2 == 0) {
      violated();
      return;
    }
    int size = data.content().readableBytes();
    takenOfSession += size;
    if (takenOfSession >= WINDOW / 2) {
      channel.writeAndFlush(new DefaultSpdyWindowUpdateFrame(0, takenOfSession));
      takenOfSession = 0;
    }
    SpdyStream stream = streams.get(id);
    if (stream == null) {
      return; // It was refused or has ended, and the client does not know yet.
    }
    if (size > 0) {
      active();
      stream.receive(data.content());
    }
    if (data.isLast()) {
      stream.intake.end();
    }
  }

  private void open(SpdySynStreamFrame open) {
    int id = open.streamId();
    if (open.isInvalid() || id <= lastId || id % 2 == 0) {
      violated();
      return;
    }
    lastId = id;
    active();
    if (open.isTruncated()) {
      refuse(id, SpdyStreamStatus.FRAME_TOO_LARGE);
      return;
    }
    if (streams.size() >= host.config().maxStreams()) {
      refuse(id, SpdyStreamStatus.REFUSED_STREAM);
      return;
    }
    SpdyStream stream =
        new SpdyStream(
            this,
            id,
            header(open, "streamtype"),
            header(open, "port"),
            header(open, "requestid"),
            initialWindow());
    if (!purpose.accept(this, stream)) {
      refuse(id, SpdyStreamStatus.REFUSED_STREAM);
      return;
    }
    streams.put(id, stream);
    if (open.isLast()) {
      stream.intake.end();
    }
    DefaultSpdySynReplyFrame reply = new DefaultSpdySynReplyFrame(id);
    // Go's framer cannot read a block without headers.
    reply.headers().set("streamtype", stream.type);
    channel.writeAndFlush(reply);
  }

  private int initialWindow() {
    synchronized (windows) {
      return initialWindow;
    }
  }

  private static String header(SpdySynStreamFrame open, String name) {
    String value = open.headers().getAsString(name);
    return value == null ? "" : value;
  }

  private void refuse(int id, SpdyStreamStatus status) {
    channel.writeAndFlush(new DefaultSpdyRstStreamFrame(id, status));
  }

  /** Frees the stream's place; from any thread. */
  void release(SpdyStream stream) {
    stream.intake.close();
    channel.eventLoop().execute(() -> streams.remove(stream.id));
  }

  /** Resets a stream; on the event loop. */
  void drop(SpdyStream stream) {
    stream.cut();
    refuse(stream.id, SpdyStreamStatus.CANCEL);
    release(stream);
  }

  private void settings(SpdySettingsFrame settings) {
    int size = settings.getValue(SpdySettingsFrame.SETTINGS_INITIAL_WINDOW_SIZE);
    synchronized (windows) {
      clientKnowsWindows = true;
      if (size >= 0) {
        int change = size - initialWindow;
        initialWindow = size;
        streams.values().forEach(stream -> stream.sendWindow += change);
      }
      windows.notifyAll();
    }
  }

  private void update(SpdyWindowUpdateFrame update) {
    synchronized (windows) {
      clientKnowsWindows = true;
      if (update.streamId() == 0) {
        sessionWindow += update.deltaWindowSize();
      } else {
        SpdyStream stream = streams.get(update.streamId());
        if (stream != null) {
          stream.sendWindow += update.deltaWindowSize();
        }
      }
      windows.notifyAll();
    }
  }

  private void wakeSenders() {
    synchronized (windows) {
      windows.notifyAll();
    }
  }

  /** Waits until the client allows some of {@code wanted} bytes, and counts those. */
  int acquire(SpdyStream stream, int wanted) throws IOException {
    synchronized (windows) {
      try {
        while (clientKnowsWindows && !over && Math.min(sessionWindow, stream.sendWindow) <= 0) {
          if (stream.isEnded()) {
            throw new IOException("stream is closed");
          }
          windows.wait();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while waiting for the client");
      }
      if (over) {
        throw new IOException("the client is gone");
      }
      int count =
          clientKnowsWindows
              ? (int) Math.min(wanted, Math.min(sessionWindow, stream.sendWindow))
              : wanted;
      sessionWindow -= count;
      stream.sendWindow -= count;
      return count;
    }
  }

  /** Lets the client send that many bytes more; from any thread. */
  void allow(int id, int bytes) {
    channel.eventLoop().execute(() -> allowNow(id, bytes));
  }

  private void allowNow(int id, int bytes) {
    if (streams.containsKey(id)) {
      channel.writeAndFlush(new DefaultSpdyWindowUpdateFrame(id, bytes));
    }
  }

  @Override
  void lost() {
    synchronized (windows) {
      over = true;
      windows.notifyAll();
    }
    streams.values().forEach(stream -> stream.intake.fail("the client is gone"));
  }

  /** The client does not keep to the protocol, so nothing that follows can be trusted. */
  private void violated() {
    broken = true;
    channel.writeAndFlush(new DefaultSpdyGoAwayFrame(lastId, SpdySessionStatus.PROTOCOL_ERROR));
    abort();
  }
}
