package dev.carafe.services.debug;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.events.Envelope;
import dev.carafe.spi.events.Event;
import dev.carafe.spi.runtimes.TaskMetrics;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FiguresTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  @Test
  void theRingKeepsTheLastEventsAndCountsAll() {
    // Given
    QueueBus bus = new QueueBus();
    try (EventRing ring = EventRing.listen(bus)) {
      // When
      bus.overrun();
      for (int i = 0; i < EventRing.KEPT + 50; i++) {
        bus.publish(
            new Envelope(
                Instant.EPOCH, "ns", "/a/b", new Event.Foreign("/a/b", "t" + i, new byte[3])));
      }
      Map<String, Object> figures = ring.figures();
      while (!figures.get("count").equals(EventRing.KEPT + 50L)) {
        Thread.onSpinWait();
        figures = ring.figures();
      }
      // Then
      assertEquals(1L, figures.get("gaps"));
      List<?> last = (List<?>) figures.get("last");
      assertEquals(EventRing.KEPT, last.size());
      assertEquals("t50, 3 bytes", ((Map<?, ?>) last.getFirst()).get("text"));
      assertEquals("t349, 3 bytes", ((Map<?, ?>) last.getLast()).get("text"));
    }
  }

  @Test
  void aSlowSourceIsReadOnceAtATimeAndLeavesTheLastValue() throws Exception {
    // Given
    AtomicInteger readers = new AtomicInteger();
    CountDownLatch go = new CountDownLatch(1);
    Live<Integer> live =
        new Live<>(
            "test",
            () -> {
              int reader = readers.incrementAndGet();
              if (reader > 1) {
                try {
                  go.await();
                } catch (InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              }
              return reader;
            });
    live.refresh();
    assertEquals(1, live.get(LONG).value());
    // When
    while (readers.get() == 1) {
      live.refresh();
    }
    live.refresh();
    // Then
    assertEquals(1, live.get(Duration.ofMillis(20)).value());
    assertTrue(live.get(Duration.ZERO).age().toMillis() >= 700);
    go.countDown();
    assertEquals(2, live.get(LONG).value());
    assertEquals(2, readers.get());
  }

  @Test
  void aSourceThatFailsLeavesNothing() {
    Live<Integer> live =
        new Live<>(
            "test",
            () -> {
              throw new IllegalStateException("no");
            });
    live.refresh();
    assertNull(live.get(LONG).value());
  }

  @Test
  void cgroupFiguresOfBothVersionsAreRead() {
    Map<String, Object> row = new LinkedHashMap<>();
    TaskFigures.usage(
        new TaskMetrics(
            Instant.ofEpochMilli(5),
            TaskMetrics.CGROUPS_V2,
            Map.of("memory", Map.of("usage", 7L), "cpu", Map.of("usage_usec", 3L))),
        row);
    assertEquals(Map.of("measured", 5L, "memory", 7L, "cpuNanos", 3000L), row);
    row.clear();
    TaskFigures.usage(
        new TaskMetrics(
            Instant.ofEpochMilli(6),
            TaskMetrics.CGROUPS_V1,
            Map.of(
                "memory", Map.of("usage", Map.of("usage", 8L)),
                "cpu", Map.of("usage", Map.of("total", 4L)))),
        row);
    assertEquals(Map.of("measured", 6L, "memory", 8L, "cpuNanos", 4L), row);
    row.clear();
    TaskFigures.usage(new TaskMetrics(Instant.EPOCH, "other", Map.of("memory", "?")), row);
    assertEquals(Map.of("measured", 0L), row);
  }

  @Test
  void procFilesAreReadWhateverTheProgramIsCalled() {
    String stat = "12 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 1 0";
    assertEquals(2_000_000_000L, ProcessFigures.cpuNanos(stat));
    assertEquals(
        84, ProcessFigures.number(List.of("Name:\tVmRSS: 5", "VmRSS:\t  84 kB"), "VmRSS:"));
    assertEquals(
        1024, ProcessFigures.descriptorLimit(List.of("Max open files  1024  4096  files")));
    assertEquals(
        0, ProcessFigures.descriptorLimit(List.of("Max open files  unlimited unlimited files")));
    assertTrue((Long) ProcessFigures.read().get("rss") > 1 << 20);
  }
}
