package dev.carafe.cri.streaming;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One forwarded connection: calls the handler, says what went wrong, ends the streams. */
final class PortRun implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(PortRun.class);

  private final Session session;
  private final String sandboxId;
  private final int port;
  private final Intake in;
  private final Outlet out;
  private final Outlet error;
  private final Runnable done;

  /**
   * @param done is run last, whatever happens
   */
  PortRun(
      Session session,
      String sandboxId,
      int port,
      Intake in,
      Outlet out,
      Outlet error,
      Runnable done) {
    this.session = session;
    this.sandboxId = sandboxId;
    this.port = port;
    this.in = in;
    this.out = out;
    this.error = error;
    this.done = done;
  }

  @Override
  public void run() {
    byte[] failure = call().getBytes(StandardCharsets.UTF_8);
    // An interrupt was for the handler. One that comes from now on is for us.
    Thread.interrupted();
    try {
      if (failure.length > 0) {
        error.write(failure, 0, failure.length);
      }
      error.end();
      out.end();
    } catch (IOException e) {
      LOG.debug("end of port {} not told: {}", port, e.toString());
    } finally {
      in.close();
      done.run();
    }
  }

  private String call() {
    try {
      session.host.handler().portForward(sandboxId, port, in, out.stream());
      return "";
    } catch (Exception e) {
      LOG.debug("port {} of {} ended: {}", port, sandboxId, e.toString());
      return text(session.isIdle() ? "it was idle for too long" : Outcome.message(e));
    } catch (Error e) {
      LOG.error("port {} of {} failed", port, sandboxId, e);
      return text(e.getClass().getSimpleName());
    }
  }

  private String text(String reason) {
    return "error forwarding port " + port + " to sandbox " + sandboxId + ": " + reason;
  }
}
