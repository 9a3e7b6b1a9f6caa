package dev.carafe.integration;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Waits for what will come, with a deadline. */
final class Await {
  static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final long PAUSE_NANOS = 10_000_000;

  private Await() {}

  /** Waits until {@code condition} holds. An exception counts as "not yet". */
  static void until(String what, Callable<Boolean> condition) {
    until(what, PATIENCE, condition);
  }

  static void until(String what, Duration patience, Callable<Boolean> condition) {
    value(what, patience, () -> condition.call() ? Boolean.TRUE : null);
  }

  /** Waits until {@code source} gives a value. An exception counts as "not yet". */
  static <T> T value(String what, Duration patience, Callable<@Nullable T> source) {
    long deadline = System.nanoTime() + patience.toNanos();
    Throwable last = null;
    while (true) {
      try {
        T value = source.call();
        if (value != null) {
          return Objects.requireNonNull(value);
        }
      } catch (Exception e) {
        last = e;
      }
      if (System.nanoTime() > deadline) {
        throw new AssertionError("not within " + patience.toMillis() + " ms: " + what, last);
      }
      if (Thread.currentThread().isInterrupted()) {
        throw new AssertionError("interrupted while waiting: " + what, last);
      }
      pause(PAUSE_NANOS);
    }
  }

  /** Gives up the processor for a while: the step of a poll, or of a throttle. */
  static void pause(long nanos) {
    LockSupport.parkNanos(nanos);
  }
}
