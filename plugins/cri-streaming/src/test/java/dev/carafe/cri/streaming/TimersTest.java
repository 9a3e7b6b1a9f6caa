package dev.carafe.cri.streaming;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.spdy.DefaultSpdyRstStreamFrame;
import io.netty.handler.codec.spdy.DefaultSpdySynStreamFrame;
import io.netty.handler.codec.spdy.SpdyStreamStatus;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What is planned for later holds what it is for, so it must not outlive that. */
class TimersTest {
  private static final class Idle implements StreamHandler {
    @Override
    public int exec(ExecRequest request, Streams streams) {
      return 0;
    }

    @Override
    public void attach(AttachRequest request, Streams streams) {}

    @Override
    public void portForward(String sandboxId, int port, InputStream in, OutputStream out) {}
  }

  private static final Duration CREATION = Duration.ofMinutes(1);

  private final Host host = new Host(config(), new Idle(), new Workers());
  private final EmbeddedChannel channel = new EmbeddedChannel();

  private static StreamingConfig config() {
    Served.Settings settings = new Served.Settings();
    settings.creation = CREATION;
    settings.ping = Duration.ofHours(1);
    return settings.config();
  }

  private void open(int id, String type) {
    DefaultSpdySynStreamFrame open = new DefaultSpdySynStreamFrame(id, 0, (byte) 0);
    open.headers().set("streamtype", type).set("port", "80").set("requestid", "r" + id / 4);
    channel.writeInbound(open);
  }

  @Test
  void aConnectionThatEndedHasNoTimers() {
    // Given
    channel.pipeline().addLast(new PlainEnd(Duration.ofMinutes(5)));
    channel.pipeline().addLast(new SpdySession(host, channel, new SpdyPorts("s1")));
    open(1, "error");
    assertTrue(channel.runScheduledPendingTasks() > 0);

    // When
    channel.close();

    // Then
    assertEquals(-1, channel.runScheduledPendingTasks());
  }

  @Test
  void aStreamThatWasResetOrPairedIsNotWaitedFor() {
    // Given
    channel.pipeline().addLast(new SpdySession(host, channel, new SpdyPorts("s1")));
    open(1, "error");
    assertTrue(untilNext().compareTo(CREATION) <= 0);

    // When
    open(3, "data");
    open(5, "error");
    channel.writeInbound(new DefaultSpdyRstStreamFrame(5, SpdyStreamStatus.CANCEL));

    // Then
    assertTrue(untilNext().compareTo(CREATION) > 0);
  }

  private Duration untilNext() {
    return Duration.ofNanos(channel.runScheduledPendingTasks());
  }
}
