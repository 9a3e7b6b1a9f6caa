package dev.carafe.integration.plugins;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for what another thread does. */
final class Await {
  private static final long LONGEST_NANOS = 30_000_000_000L;
  private static final long PAUSE_NANOS = 5_000_000L;

  private Await() {}

  static void until(BooleanSupplier condition) {
    until(condition, () -> "does not happen");
  }

  /**
   * Waits.
   *
   * @param failure what to say if it does not happen
   */
  static void until(BooleanSupplier condition, Supplier<String> failure) {
    long end = System.nanoTime() + LONGEST_NANOS;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        fail(failure.get());
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }
}
