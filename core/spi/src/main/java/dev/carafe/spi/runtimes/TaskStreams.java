package dev.carafe.spi.runtimes;

import org.jspecify.annotations.Nullable;

/** A connection to the streams of a running process. One reader and one writer at a time. */
public interface TaskStreams extends AutoCloseable {
  /** What the process wrote to one of its outputs; a terminal has only standard output. */
  record Output(boolean stderr, byte[] bytes) {}

  /** Waits for the next output; null when the process has ended. */
  @Nullable Output next() throws InterruptedException;

  /**
   * Sends input, waiting while the process does not read. Without a reader, or when the process has
   * ended, it is dropped.
   */
  void write(byte[] bytes, int offset, int length) throws InterruptedException;

  /** Says that no more input comes; whether that ends the process's is the process's setting. */
  void endInput();

  /** Ends the connection; the process goes on. */
  @Override
  void close();
}
