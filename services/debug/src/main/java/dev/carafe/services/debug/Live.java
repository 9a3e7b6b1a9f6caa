package dev.carafe.services.debug;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Something that may be slow to read. It is read by one thread at a time, at most about once a
 * second; who asks while it takes too long gets what was read last.
 */
final class Live<T> {
  private static final Logger LOG = LoggerFactory.getLogger(Live.class);
  private static final Duration FRESH = Duration.ofMillis(700);

  private final String what;
  private final Supplier<T> source;
  private @Nullable T last;
  private long lastNanos;
  private @Nullable CountDownLatch reading;

  /**
   * What there is.
   *
   * @param value null if it was never read
   * @param age since it was read
   */
  record Reading<T>(@Nullable T value, Duration age) {}

  Live(String what, Supplier<T> source) {
    this.what = what;
    this.source = source;
  }

  /** Begins to read, unless it is fresh or being read. */
  synchronized void refresh() {
    boolean fresh = last != null && System.nanoTime() - lastNanos < FRESH.toNanos();
    if (!fresh && reading == null) {
      CountDownLatch done = new CountDownLatch(1);
      reading = done;
      Thread.ofVirtual().name("debug page: " + what).start(() -> read(done));
    }
  }

  private void read(CountDownLatch done) {
    @Nullable T value = null;
    try {
      value = source.get();
    } catch (RuntimeException e) {
      LOG.debug("debug page: {}: {}", what, e.toString());
    } finally {
      ended(value);
      done.countDown();
    }
  }

  private synchronized void ended(@Nullable T value) {
    reading = null;
    if (value != null) {
      last = value;
      lastNanos = System.nanoTime();
    }
  }

  /** Waits for a reading that has begun, but not for long. */
  Reading<T> get(Duration atMost) {
    CountDownLatch running;
    synchronized (this) {
      running = reading;
    }
    try {
      if (running != null && !running.await(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.debug("debug page: {} takes longer than {}", what, atMost);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    synchronized (this) {
      return new Reading<>(
          last, Duration.ofNanos(last == null ? 0 : System.nanoTime() - lastNanos));
    }
  }
}
