package dev.carafe.engine.pull;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DeadlineExceededException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Ends work on a layer that has stood still: no byte was taken from the stream for the given time.
 * Slow is fine, stuck is not, on whichever side of the stream it is.
 */
final class StallGuard extends InputStream {
  private static final ScheduledExecutorService CLOCK =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("stall-guard").factory());

  private final InputStream in;
  private final Descriptor layer;
  private final Duration stall;
  private volatile long consumed;
  private volatile long lastByte = System.nanoTime();
  private volatile boolean stalled;

  StallGuard(InputStream in, Descriptor layer, Duration stall) {
    this.in = in;
    this.layer = layer;
    this.stall = stall;
  }

  long consumed() {
    return consumed;
  }

  /** What becomes of the stream moves on, even if no byte is taken from it. */
  void progress() {
    lastByte = System.nanoTime();
  }

  /** Runs the work that reads this stream, interrupting it when it has stalled. */
  <T> T watch(Supplier<T> work) {
    Thread worker = Thread.currentThread();
    long period = Math.max(1, stall.toMillis() / 4);
    ScheduledFuture<?> watch =
        CLOCK.scheduleAtFixedRate(
            () -> {
              if (System.nanoTime() - lastByte > stall.toNanos()) {
                stalled = true;
                worker.interrupt();
              }
            },
            period,
            period,
            TimeUnit.MILLISECONDS);
    try {
      return work.get();
    } catch (CancelledException e) {
      if (stalled) {
        Thread.interrupted();
        throw new DeadlineExceededException(
            "layer "
                + layer.digest()
                + ": no progress for "
                + stall.toSeconds()
                + " s after "
                + consumed
                + " bytes",
            e);
      }
      throw e;
    } finally {
      watch.cancel(false);
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    int read = in.read(bytes, offset, length);
    lastByte = System.nanoTime();
    if (read > 0) {
      consumed += read;
    }
    return read;
  }

  @Override
  public int available() throws IOException {
    return in.available();
  }
}
