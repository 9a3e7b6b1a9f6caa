package dev.carafe.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.UnavailableException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Locks by key, and pins. */
class LocksTest {
  private static final Duration SHORT = Duration.ofMillis(1);
  private static final Duration LONG = Duration.ofSeconds(60);

  @Test
  void oneHoldsAKey() {
    KeyLocks locks = new KeyLocks();
    assertTrue(locks.tryLock("a"));
    assertFalse(locks.tryLock("a"));
    assertTrue(locks.tryLock("b"));
    assertNull(locks.tryAcquire(Set.of("b", "c")));
    assertFalse(locks.isHeld("c"));
    locks.release("a");
    assertFalse(locks.isHeld("a"));
    assertTrue(locks.tryLock("a"));
  }

  @Test
  void patienceEnds() {
    KeyLocks locks = new KeyLocks();
    try (var held = locks.acquire(Set.of("a", "b"), SHORT)) {
      assertThrows(UnavailableException.class, () -> locks.acquire(Set.of("b", "c"), SHORT));
      assertFalse(locks.isHeld("c"));
    }
    assertFalse(locks.isHeld("a") || locks.isHeld("b"));
  }

  @Test
  void waitersGetTheirTurn() throws Exception {
    KeyLocks locks = new KeyLocks();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> waiting;
      try (var held = locks.acquire(Set.of("a"), LONG)) {
        waiting = threads.submit(() -> locks.acquire(Set.of("a", "b"), LONG).close());
      }
      waiting.get(60, TimeUnit.SECONDS);
    }
    assertFalse(locks.isHeld("a") || locks.isHeld("b"));
  }

  @Test
  void interruptEndsAWait() {
    KeyLocks locks = new KeyLocks();
    try (var held = locks.acquire(Set.of("a"), LONG)) {
      Thread.currentThread().interrupt();
      assertThrows(CancelledException.class, () -> locks.acquire(Set.of("a"), LONG));
      assertTrue(Thread.interrupted());
    }
  }

  @Test
  void pinnedIsNotClaimedAndClaimedIsNotPinned() {
    Pins pins = new Pins(SHORT);
    Pins.Pin one = pins.pin("x");
    Pins.Pin two = pins.pin("x");
    one.close();
    one.close();
    assertFalse(pins.claim("x"));
    two.close();
    assertTrue(pins.claim("x"));
    assertFalse(pins.claim("x"));
    assertNull(pins.tryPin("x"));
    assertThrows(UnavailableException.class, () -> pins.pin("x"));
    pins.unclaim("x");
    assertNotNull(pins.tryPin("x"));
    assertEquals(Set.of("x"), pins.pinned());
  }

  @Test
  void pinWaitsForARemoval() throws Exception {
    Pins pins = new Pins(LONG);
    assertTrue(pins.claim("x"));
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> waiting = threads.submit(() -> pins.pin("x").close());
      pins.unclaim("x");
      waiting.get(60, TimeUnit.SECONDS);
    }
    assertTrue(pins.claim("x"));
  }
}
