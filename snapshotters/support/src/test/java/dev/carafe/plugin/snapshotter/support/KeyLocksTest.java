package dev.carafe.plugin.snapshotter.support;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.testkit.Race;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class KeyLocksTest {
  private static final SnapshotKey A = new SnapshotKey("a");
  private static final SnapshotKey B = new SnapshotKey("b");

  private final KeyLocks locks = new KeyLocks();

  @Test
  void oneHolderAtATimeAndNoDeadlock() {
    AtomicInteger holders = new AtomicInteger();
    List<Callable<Integer>> calls = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      boolean swapped = i % 2 == 0;
      calls.add(() -> {
        for (int round = 0; round < 1000; round++) {
          try (var _ = swapped ? locks.lock(B, A) : locks.lock(A, B)) {
            assertEquals(1, holders.incrementAndGet());
            holders.decrementAndGet();
          }
        }
        return 0;
      });
    }
    assertTrue(Race.run(calls).stream().allMatch(Race.Outcome::succeeded));
    assertEquals(0, locks.size());
  }

  @Test
  void sameKeyTwiceIsOneLock() {
    try (var _ = locks.lock(A, A)) {
      assertEquals(1, locks.size());
    }
    assertEquals(0, locks.size());
  }

  @Test
  void interruptEndsTheWaitAndHoldsNothing() {
    Thread.currentThread().interrupt();
    try {
      assertThrows(CancelledException.class, () -> locks.lock(A, B));
    } finally {
      assertTrue(Thread.interrupted());
    }
    assertEquals(0, locks.size());
  }
}
