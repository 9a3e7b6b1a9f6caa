package dev.carafe.linux;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/** For the few things that the kernel does in its own time without saying when it is done. */
public final class Backoff {
  private static final long LONGEST_MILLIS = 50;

  private Backoff() {}

  /** Tries at once, then ever less often, until {@code done} or the time is up. */
  public static boolean until(Duration limit, BooleanSupplier done) throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    long wait = 1;
    while (!done.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        return false;
      }
      Thread.sleep(wait);
      wait = Math.min(wait * 2, LONGEST_MILLIS);
    }
    return true;
  }
}
