package dev.carafe.services;

import dev.carafe.services.StreamRegistry.OpenStream;
import dev.carafe.spi.errors.DaemonException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Lines for a client that wants to see what a registry is asked, sent by a thread of their own; a
 * client that does not read loses lines.
 */
final class TraceStream implements Consumer<String>, AutoCloseable {
  private static final int LINES = 1000;
  private static final Duration LAST = Duration.ofSeconds(5);
  private static final String END = "";

  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>(LINES);
  private final @Nullable OpenStream stream;
  private final @Nullable Thread sender;

  /**
   * @param stream null where nobody wants to see anything
   */
  TraceStream(@Nullable OpenStream stream) {
    this.stream = stream;
    this.sender =
        stream == null ? null : Thread.ofVirtual().name("trace").start(() -> send(stream));
  }

  @Override
  public void accept(String line) {
    if (stream != null) {
      var _ = lines.offer(line);
    }
  }

  private void send(OpenStream to) {
    try (SentData out = new SentData(to)) {
      for (String line = lines.take(); !line.equals(END); line = lines.take()) {
        out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        if (lines.isEmpty()) {
          out.flush();
        }
      }
    } catch (IOException | InterruptedException | DaemonException gone) {
      lines.clear();
    }
  }

  /** Sends what is left, then ends the stream. */
  @Override
  public void close() {
    if (sender == null || stream == null) {
      return;
    }
    if (!lines.offer(END)) {
      sender.interrupt();
    }
    try {
      if (!sender.join(LAST)) {
        sender.interrupt();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    stream.close();
  }
}
