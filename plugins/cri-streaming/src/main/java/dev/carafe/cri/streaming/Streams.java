package dev.carafe.cri.streaming;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.function.Consumer;

/**
 * The client's end of a process's standard streams. Reads and writes block, and fail with {@link
 * java.io.IOException} once the client is gone and with {@link java.io.InterruptedIOException} on
 * interrupt. Nothing may be used after the handler has returned.
 */
public interface Streams {
  /**
   * What the client types; at its end when the client closes it, and at once if it was not asked
   * for. Close it when no more is wanted: what the client still sends is dropped then, so that it
   * does not hold up the other streams.
   */
  InputStream stdin();

  /** Returns from a write when the bytes are sent; drops them if they were not asked for. */
  OutputStream stdout();

  /** As {@link #stdout()}; for a terminal, drops everything. */
  OutputStream stderr();

  /**
   * Calls {@code listener} with the size that the client's terminal has, if it said so, and with
   * each new one, on one virtual thread. Sizes that were superseded meanwhile are left out. The
   * calls end with the handler. May be set once.
   */
  void onResize(Consumer<TerminalSize> listener);
}
