package dev.carafe.plugin.gc.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.engine.stores.GarbageCollector;
import dev.carafe.spi.errors.UnavailableException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ScheduledCollectionsTest {
  private static final GcSchedulerConfig ON_DELETION =
      new GcSchedulerConfig(0.5, 1, 0, Duration.ZERO, Duration.ZERO);

  /** Hands each collection to the test, which says how it ends. */
  private static final class TestCollector implements GarbageCollector {
    final BlockingQueue<Thread> begun = new LinkedBlockingQueue<>();
    volatile MutationListener listener = _ -> {};
    volatile boolean fails;
    volatile boolean hangs;

    @Override
    public Report collect() throws InterruptedException {
      begun.add(Thread.currentThread());
      if (hangs) {
        new CountDownLatch(1).await();
      }
      if (fails) {
        throw new UnavailableException("on purpose");
      }
      return new Report(Map.of(), Duration.ofMillis(1), Duration.ZERO);
    }

    @Override
    public void onMutation(MutationListener listener) {
      this.listener = listener;
    }

    @Override
    public void onMountsRemoved(Runnable listener) {}

    @Override
    public void onCollected(Consumer<Report> listener) {}

    void awaitBegin() throws InterruptedException {
      assertTrue(begun.poll(30, TimeUnit.SECONDS) != null, "no collection");
    }
  }

  private final TestCollector collector = new TestCollector();

  @Test
  void collectsSoonAfterTheStart() throws InterruptedException {
    var config = new GcSchedulerConfig(0.5, 0, 0, Duration.ZERO, Duration.ofMillis(1));
    try (var scheduled = new ScheduledCollections(collector, config)) {
      collector.awaitBegin();
    }
  }

  @Test
  void collectsAfterDeletions() throws InterruptedException {
    try (var scheduled = new ScheduledCollections(collector, ON_DELETION)) {
      for (int i = 0; i < 3; i++) {
        collector.listener.mutated(true);
        collector.awaitBegin();
      }
    }
  }

  @Test
  void aFailureIsCountedAndTriedAgain() throws InterruptedException {
    collector.fails = true;
    try (var scheduled = new ScheduledCollections(collector, ON_DELETION)) {
      collector.listener.mutated(true);
      collector.awaitBegin();
      collector.awaitBegin();
      collector.fails = false;
      long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
      while (scheduled.status().collections() == 0 && System.nanoTime() < end) {
        Thread.onSpinWait();
      }
      assertEquals(1, scheduled.status().collections());
      assertTrue(scheduled.status().failures() >= 1);
    }
  }

  @Test
  void closeEndsARunningCollection() throws InterruptedException {
    collector.hangs = true;
    var scheduled = new ScheduledCollections(collector, ON_DELETION);
    collector.listener.mutated(true);
    Thread running = collector.begun.poll(30, TimeUnit.SECONDS);

    scheduled.close();
    scheduled.close();

    assertTrue(running != null && running.join(Duration.ofSeconds(30)));
  }

  @Test
  void closedSchedulerCollectsNoMore() {
    var scheduled = new ScheduledCollections(collector, ON_DELETION);
    scheduled.close();

    collector.listener.mutated(true);

    assertEquals(0, collector.begun.size());
  }
}
