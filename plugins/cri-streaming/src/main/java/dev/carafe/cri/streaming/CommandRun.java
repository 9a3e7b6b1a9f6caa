package dev.carafe.cri.streaming;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One exec or attach: calls the handler, ends the streams, says how it went. */
final class CommandRun implements Runnable, Streams {
  private static final Logger LOG = LoggerFactory.getLogger(CommandRun.class);

  /**
   * Where a process's streams go. What was not asked for is null.
   *
   * @param error the stream that tells the outcome
   */
  record Pipes(
      @Nullable Intake stdin,
      @Nullable Outlet stdout,
      @Nullable Outlet stderr,
      Outlet error,
      Resizes resizes) {}

  private final Session session;
  private final CommandRequest request;
  private final Protocol protocol;
  private final Pipes pipes;
  private final InputStream stdin;
  private final OutputStream stdout;
  private final OutputStream stderr;

  CommandRun(Session session, CommandRequest request, Protocol protocol, Pipes pipes) {
    this.session = session;
    this.request = request;
    this.protocol = protocol;
    this.pipes = pipes;
    this.stdin = pipes.stdin() == null ? Intake.none() : pipes.stdin();
    this.stdout = stream(pipes.stdout());
    this.stderr = stream(pipes.stderr());
  }

  @Override
  public void run() {
    Outcome outcome = call();
    // An interrupt was for the handler. One that comes from now on is for us.
    Thread.interrupted();
    pipes.resizes().end();
    try {
      stdout.close();
      stderr.close();
    } catch (IOException e) {
      LOG.debug("streams not ended: {}", e.toString());
    }
    tell(protocol, outcome, pipes.error());
    if (pipes.stdin() != null) {
      pipes.stdin().close();
    }
    session.finish();
  }

  private Outcome call() {
    try {
      return switch (request) {
        case ExecRequest exec -> Outcome.exited(session.host.handler().exec(exec, this));
        case AttachRequest attach -> {
          session.host.handler().attach(attach, this);
          yield new Outcome.Success();
        }
      };
    } catch (Exception e) {
      LOG.debug("{} ended: {}", request.kind(), e.toString());
      return session.isIdle() ? Outcome.idle() : Outcome.failed(e);
    } catch (Error e) {
      LOG.error("{} failed", request.kind(), e);
      return new Outcome.Failure("InternalError", e.getClass().getSimpleName(), 500);
    }
  }

  /** Writes the outcome to the stream of errors and ends that, if the client is there. */
  static void tell(Protocol protocol, Outcome outcome, Outlet error) {
    byte[] bytes = protocol.jsonStatus() ? outcome.json() : outcome.text();
    try {
      if (bytes.length > 0) {
        error.write(bytes, 0, bytes.length);
      }
      error.end();
    } catch (IOException e) {
      LOG.debug("{} not told: {}", outcome, e.toString());
    }
  }

  private static OutputStream stream(@Nullable Outlet outlet) {
    return outlet == null ? OutputStream.nullOutputStream() : outlet.stream();
  }

  @Override
  public InputStream stdin() {
    return stdin;
  }

  @Override
  public OutputStream stdout() {
    return stdout;
  }

  @Override
  public OutputStream stderr() {
    return stderr;
  }

  @Override
  public void onResize(Consumer<TerminalSize> listener) {
    pipes.resizes().listen(session.host.workers(), listener);
  }
}
