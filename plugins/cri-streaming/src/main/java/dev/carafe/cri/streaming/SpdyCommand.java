package dev.carafe.cri.streaming;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Exec or attach over SPDY: one stream of each kind, then the handler. */
final class SpdyCommand implements SpdySession.Purpose {
  private final CommandRequest request;
  private final Protocol protocol;
  private final Set<String> missing = new TreeSet<>();
  private final Map<String, SpdyStream> streams = new HashMap<>();
  private final Resizes resizes = new Resizes();
  private boolean late;

  SpdyCommand(CommandRequest request, Protocol protocol) {
    this.request = request;
    this.protocol = protocol;
    missing.add("error");
    want("stdin", request.stdin());
    want("stdout", request.stdout());
    want("stderr", request.stderr());
    want("resize", request.tty() && protocol.resizes());
  }

  private void want(String type, boolean wanted) {
    if (wanted) {
      missing.add(type);
    }
  }

  @Override
  public void opened(SpdySession session) {
    session.schedule(session.host.config().streamCreationTimeout(), () -> expire(session));
  }

  private void expire(SpdySession session) {
    if (missing.isEmpty()) {
      return;
    }
    late = true;
    SpdyStream error = streams.get("error");
    if (error == null) {
      session.finish();
      return;
    }
    Outcome outcome =
        new Outcome.Failure("Timeout", "streams were not opened in time: " + missing, 504);
    session.run(
        "stream-late",
        () -> {
          CommandRun.tell(protocol, outcome, error);
          session.finish();
        });
  }

  @Override
  public boolean accept(SpdySession session, SpdyStream stream) {
    if (late || !missing.remove(stream.type)) {
      return false;
    }
    streams.put(stream.type, stream);
    switch (stream.type) {
      case "stdin" -> {}
      case "resize" -> stream.listener = resizes::offer;
      default -> stream.listener = _ -> {};
    }
    if (missing.isEmpty()) {
      session.run(
          "stream-" + request.kind(), new CommandRun(session, request, protocol, pipes(stream)));
    }
    return true;
  }

  private CommandRun.Pipes pipes(SpdyStream last) {
    @Nullable SpdyStream stdin = streams.get("stdin");
    return new CommandRun.Pipes(
        stdin == null ? null : stdin.intake,
        streams.get("stdout"),
        streams.get("stderr"),
        streams.getOrDefault("error", last),
        resizes);
  }

  @Override
  public void reset(SpdySession session, SpdyStream stream) {
    // Its reader or writer fails; the others go on.
  }
}
