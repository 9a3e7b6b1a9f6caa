package dev.carafe.cri.streaming;

import io.netty.util.concurrent.ScheduledFuture;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Port forwarding over SPDY: two streams, of data and of errors, for each forwarded connection. */
final class SpdyPorts implements SpdySession.Purpose {
  private static final int LONGEST_REQUEST_ID = 128;

  private static final class Pair {
    @Nullable SpdyStream data;
    @Nullable SpdyStream error;
    @Nullable ScheduledFuture<?> timer;

    void complete() {
      if (timer != null) {
        timer.cancel(false);
      }
    }
  }

  private final String sandboxId;

  /** Those that lack one of their streams, by the request's id. */
  private final Map<String, Pair> halves = new HashMap<>();

  SpdyPorts(String sandboxId) {
    this.sandboxId = sandboxId;
  }

  @Override
  public void opened(SpdySession session) {
    // Connections come when the client has them.
  }

  @Override
  public boolean accept(SpdySession session, SpdyStream stream) {
    boolean data = stream.type.equals("data");
    if (!(data || stream.type.equals("error"))
        || port(stream) == 0
        || stream.requestId.length() > LONGEST_REQUEST_ID) {
      return false;
    }
    String key = key(stream, data);
    Pair pair = halves.computeIfAbsent(key, _ -> new Pair());
    SpdyStream other = data ? pair.error : pair.data;
    if ((data ? pair.data : pair.error) != null || (other != null && port(other) != port(stream))) {
      return false;
    }
    if (data) {
      pair.data = stream;
    } else {
      pair.error = stream;
      stream.listener = _ -> {};
    }
    if (other == null) {
      pair.timer =
          session.schedule(
              session.host.config().streamCreationTimeout(), () -> expire(session, key, pair));
    } else {
      halves.remove(key);
      pair.complete();
      start(session, data ? stream : other, data ? other : stream);
    }
    return true;
  }

  private void start(SpdySession session, SpdyStream data, SpdyStream error) {
    Runnable done =
        () -> {
          session.release(data);
          session.release(error);
        };
    data.run =
        session.run(
            "stream-port-" + data.port,
            new PortRun(session, sandboxId, port(data), data.intake, data, error, done));
  }

  private void expire(SpdySession session, String key, Pair pair) {
    if (!halves.remove(key, pair)) {
      return;
    }
    SpdyStream error = pair.error;
    if (pair.data != null) {
      session.drop(pair.data);
    }
    if (error != null) {
      session.run(
          "stream-late",
          () -> {
            CommandRun.tell(
                Protocol.UNNAMED,
                new Outcome.Failure("Timeout", "the stream of data was not opened in time", 504),
                error);
            session.release(error);
          });
    }
  }

  /** Clients of old send no request id; their stream of data comes right after that of errors. */
  private static String key(SpdyStream stream, boolean data) {
    return stream.requestId.isEmpty()
        ? "stream " + (data ? stream.id - 2 : stream.id)
        : "request " + stream.requestId;
  }

  /** 0 for none. */
  private static int port(SpdyStream stream) {
    try {
      int port = Integer.parseInt(stream.port);
      return port >= 1 && port <= 65_535 ? port : 0;
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  @Override
  public void reset(SpdySession session, SpdyStream stream) {
    if (stream.run != null) {
      stream.run.interrupt();
    }
    String key = key(stream, stream.type.equals("data"));
    Pair pair = halves.get(key);
    if (pair != null && (pair.data == stream || pair.error == stream)) {
      halves.remove(key);
      pair.complete();
      session.release(stream);
    }
  }
}
