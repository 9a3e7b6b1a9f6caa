package dev.carafe.cri.streaming;

import java.io.InputStream;
import java.io.OutputStream;

/**
 * Does what a client of the streaming server asks for.
 *
 * <p>The server guarantees: each call is on a virtual thread of its own; the thread is interrupted
 * when the client goes away, its connection was idle for too long, or the server closes.
 *
 * <p>You guarantee: a call ends soon after an interrupt; no stream is used after it. An exception's
 * message goes to the client, so it must be fit for one.
 */
public interface StreamHandler {
  /**
   * Runs a command to its end.
   *
   * @return its exit code
   */
  int exec(ExecRequest request, Streams streams) throws Exception;

  /** Connects the streams to those of a container; returns when they have ended. */
  void attach(AttachRequest request, Streams streams) throws Exception;

  /**
   * Connects to a port in a sandbox's network. Calls for one client run side by side.
   *
   * @param in what the client sends; its end is the client's half close
   * @param out closing it is a half close towards the client
   */
  void portForward(String sandboxId, int port, InputStream in, OutputStream out) throws Exception;
}
