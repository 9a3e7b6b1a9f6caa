package dev.carafe.testkit.runtimes;

import static org.junit.jupiter.api.Assertions.fail;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** Waits for what another process does in its own time. */
public final class Await {
  public static final Duration LIMIT = Duration.ofSeconds(20);

  private Await() {}

  public static void until(Supplier<String> what, Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!condition.call()) {
      if (System.nanoTime() - end > 0) {
        fail("not within " + LIMIT + ": " + what.get());
      }
      LockSupport.parkNanos(1_000_000);
    }
  }

  public static void until(String what, Callable<Boolean> condition) throws Exception {
    until(() -> what, condition);
  }
}
