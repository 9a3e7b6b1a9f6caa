package dev.carafe.plugin.source.registry;

import java.io.Closeable;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * Ends a request whose body goes nowhere: a socket has a time limit for reading and none for
 * writing. Slow is fine, stuck is not.
 */
final class SendGuard implements AutoCloseable {
  private static final ScheduledExecutorService CLOCK =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("send-guard").factory());

  private final Duration limit;
  private final ScheduledFuture<?> watch;
  private volatile long lastProgress = System.nanoTime();
  private volatile boolean stuck;

  SendGuard(Closeable connection, Duration limit) {
    this.limit = limit;
    long period = Math.max(1, limit.toMillis() / 4);
    this.watch =
        CLOCK.scheduleAtFixedRate(() -> check(connection), period, period, TimeUnit.MILLISECONDS);
  }

  private void check(Closeable connection) {
    if (System.nanoTime() - lastProgress > limit.toNanos()) {
      stuck = true;
      try {
        connection.close();
      } catch (IOException e) {
        // The writer finds out.
      }
    }
  }

  void progress() {
    lastProgress = System.nanoTime();
  }

  /** The failure of a write, in the guard's words where it was the guard. */
  IOException explained(IOException failure) {
    if (!stuck) {
      return failure;
    }
    SocketTimeoutException clear =
        new SocketTimeoutException("took no byte within " + limit.toMillis() + " ms");
    clear.initCause(failure);
    return clear;
  }

  @Override
  public void close() {
    watch.cancel(false);
  }
}
