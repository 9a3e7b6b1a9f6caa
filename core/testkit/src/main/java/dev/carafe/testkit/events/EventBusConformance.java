package dev.carafe.testkit.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.events.Envelope;
import dev.carafe.spi.events.Event;
import dev.carafe.spi.events.EventBus;
import dev.carafe.spi.events.Subscription;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.Race;
import dev.carafe.testkit.WorkDirectory;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The contract of {@link EventBus} as tests. Subclass it and say how to open yours. Every check has
 * an id that is never used for another.
 */
@Timeout(60)
@ExtendWith(LeakCheck.class)
public abstract class EventBusConformance {
  private static final Duration SOON = Duration.ofSeconds(10);
  private static final Duration BRIEFLY = Duration.ofMillis(50);

  private WorkDirectory work;
  private EventBus bus;

  /** Opens it over a private directory. */
  protected abstract EventBus open(Path directory) throws Exception;

  @BeforeEach
  void open(WorkDirectory directory) throws Exception {
    work = directory;
    bus = open(directory.path());
    if (bus instanceof AutoCloseable closeable) {
      directory.closeLater(closeable);
    }
  }

  private static Envelope event(String namespace, int number) {
    return new Envelope(
        Instant.EPOCH.plusSeconds(number),
        namespace,
        "/containers/delete",
        new Event.ContainerDeleted(Integer.toString(number)));
  }

  private static List<Envelope> events(String namespace, int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> event(namespace, i)).toList();
  }

  private Subscription subscribe(int capacity) {
    return work.closeLater(bus.subscribe(_ -> true, capacity));
  }

  private static List<Envelope> read(Subscription from, int count) throws InterruptedException {
    List<Envelope> read = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Envelope next = from.next(SOON);
      if (next == null) {
        break;
      }
      read.add(next);
    }
    return read;
  }

  @Test
  @DisplayName("EVENT-ORDER-01 every subscriber gets every event, in the order of publication")
  void orderIsKept() throws Exception {
    Subscription one = subscribe(100);
    Subscription other = subscribe(100);
    events("n", 0, 10).forEach(bus::publish);
    bus.publishAll(events("n", 10, 20));
    assertEquals(events("n", 0, 20), read(one, 20));
    assertEquals(events("n", 0, 20), read(other, 20));
  }

  @Test
  @DisplayName("EVENT-ORDER-02 what was published before the subscription is not told")
  void nothingIsStored() throws Exception {
    bus.publish(event("n", 1));
    Subscription late = subscribe(10);
    bus.publish(event("n", 2));
    assertEquals(List.of(event("n", 2)), read(late, 1));
    assertNull(late.next(BRIEFLY));
  }

  @Test
  @DisplayName("EVENT-FILTER-01 a filter decides, and one that throws takes nobody's events")
  void filtersDecide() throws Exception {
    Subscription a = work.closeLater(bus.subscribe(e -> e.namespace().equals("a"), 10));
    work.closeLater(
        bus.subscribe(
            _ -> {
              throw new IllegalStateException("a filter that throws, on purpose");
            },
            10));
    Subscription all = subscribe(10);
    bus.publish(event("b", 1));
    bus.publish(event("a", 2));
    assertEquals(List.of(event("a", 2)), read(a, 1));
    assertEquals(List.of(event("b", 1), event("a", 2)), read(all, 2));
  }

  @Test
  @DisplayName("EVENT-SLOW-01 who is too slow loses his own queue, is told once, and goes on")
  void slowOneLosesHisOwn() throws Exception {
    Subscription slow = subscribe(5);
    Subscription patient = subscribe(100);
    bus.publishAll(events("n", 0, 50));
    assertThrows(ResourceExhaustedException.class, () -> read(slow, 50));
    assertEquals(events("n", 0, 50), read(patient, 50));
    while (slow.next(BRIEFLY) != null) {
      // What is left of the queue.
    }
    bus.publish(event("n", 99));
    assertEquals(List.of(event("n", 99)), read(slow, 1));
  }

  @Test
  @DisplayName("EVENT-SLOW-02 publishing waits for nobody")
  void publishingNeverWaits() {
    subscribe(1);
    bus.publishAll(events("n", 0, 10_000));
    assertEquals(10_000, events("n", 0, 10_000).size());
  }

  @Test
  @DisplayName("EVENT-CLOSE-01 closing ends a wait, forgets the queue, and may be done twice")
  void closingEndsAWait() throws Exception {
    Subscription waiting = bus.subscribe(_ -> true, 10);
    CompletableFuture<Boolean> ended = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            ended.complete(waiting.next(Duration.ofSeconds(50)) == null);
          } catch (InterruptedException | RuntimeException e) {
            ended.completeExceptionally(e);
          }
        });
    waiting.close();
    waiting.close();
    assertEquals(Boolean.TRUE, ended.get(10, TimeUnit.SECONDS));
    bus.publish(event("n", 1));
    assertNull(waiting.next(BRIEFLY));
  }

  @Test
  @DisplayName("EVENT-WAIT-01 without an event the time passes, and an interrupt ends it")
  void waitsEnd() throws Exception {
    Subscription none = subscribe(1);
    assertNull(none.next(BRIEFLY));
    assertNull(none.next(Duration.ZERO));
    Thread.currentThread().interrupt();
    assertThrows(InterruptedException.class, () -> none.next(SOON));
    assertFalse(Thread.interrupted());
  }

  @Test
  @DisplayName("EVENT-CONC-01 many publish at once: nothing is lost, each one's order is kept")
  void manyPublish() throws Exception {
    Subscription all = subscribe(10_000);
    List<Callable<Boolean>> publishers = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      String namespace = "n" + i;
      publishers.add(() -> {
        events(namespace, 0, 200).forEach(bus::publish);
        return true;
      });
    }
    assertEquals(8, Race.run(publishers).stream().filter(Race.Outcome::succeeded).count());
    List<Envelope> read = read(all, 1600);
    for (int i = 0; i < 8; i++) {
      String namespace = "n" + i;
      assertEquals(
          events(namespace, 0, 200),
          read.stream().filter(event -> event.namespace().equals(namespace)).toList());
    }
  }
}
