package dev.carafe.plugin.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.events.Envelope;
import dev.carafe.spi.events.Event;
import dev.carafe.spi.events.Subscription;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ExchangeTest {
  private static final Duration AT_ONCE = Duration.ZERO;
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private Instant now = Instant.EPOCH;
  private final Exchange exchange = new Exchange(() -> now);

  @AfterEach
  void close() {
    exchange.close();
  }

  @Test
  void subscribersGetMatchingEventsInOrder() throws Exception {
    Subscription all = exchange.subscribe(event -> true, 10);
    Subscription some = exchange.subscribe(event -> event.namespace().equals("b"), 10);

    exchange.publish(event("a", "1"));
    exchange.publish(event("b", "2"));
    exchange.publish(event("b", "3"));

    assertEquals(List.of("1", "2", "3"), names(all));
    assertEquals(List.of("2", "3"), names(some));
  }

  @Test
  void nothingIsKeptForLaterSubscribers() throws Exception {
    exchange.publish(event("a", "1"));

    assertNull(exchange.subscribe(event -> true, 1).next(AT_ONCE));
  }

  @Test
  void exitsOfAnEarlierDaemonsProcessesAreToldToWhoComesBackInTime() throws Exception {
    // Given
    Envelope exit = exit("c1", "c1");
    Subscription present = exchange.subscribe(event -> true, 10);
    exchange.publish(exit);
    // When
    Subscription other = exchange.subscribe(event -> event.namespace().equals("other"), 10);
    Subscription late = exchange.subscribe(event -> true, 10);
    now = now.plus(MissedExits.WINDOW);
    Subscription tooLate = exchange.subscribe(event -> true, 10);
    // Then
    assertEquals(List.of(exit), all(present));
    assertEquals(List.of(), all(other));
    assertEquals(List.of(exit), all(late));
    assertEquals(List.of(), all(tooLate));
  }

  @Test
  void exitsOfWhatThisDaemonStartedOrOfWhatIsDeletedAreNotRepeated() throws Exception {
    exchange.publish(task(new Event.TaskCreated("c1", "", List.of(), "", "", "", false, "", 1)));
    exchange.publish(exit("c1", "c1"));
    exchange.publish(task(new Event.TaskExecAdded("c2", "e1")));
    exchange.publish(exit("c2", "e1"));
    exchange.publish(exit("c3", "c3"));
    exchange.publish(exit("c3", "e1"));
    exchange.publish(task(new Event.TaskDeleted("c3", "c3", 1, 0, Instant.EPOCH)));

    assertEquals(List.of(), all(exchange.subscribe(event -> true, 10)));
  }

  @Test
  void anExitThatIsBeingPublishedIsToldOnce() throws Exception {
    BoundedSubscription subscription = new BoundedSubscription(event -> true, 10, closed -> {});
    Envelope exit = exit("c1", "c1");

    subscription.remind(exit);
    subscription.offer(exit);
    subscription.remind(exit);

    assertEquals(List.of(exit), all(subscription));
  }

  private static Envelope exit(String container, String process) {
    return task(new Event.TaskExited(container, process, 1, 0, Instant.EPOCH));
  }

  private static Envelope task(Event event) {
    return new Envelope(Instant.EPOCH, "a", event.topic(), event);
  }

  private static List<Envelope> all(Subscription subscription) throws Exception {
    List<Envelope> envelopes = new ArrayList<>();
    for (Envelope next = subscription.next(AT_ONCE);
        next != null;
        next = subscription.next(AT_ONCE)) {
      envelopes.add(next);
    }
    return envelopes;
  }

  @Test
  void overflowIsToldOnceAndReadingGoesOn() throws Exception {
    Subscription slow = exchange.subscribe(event -> true, 2);
    Subscription other = exchange.subscribe(event -> true, 10);

    for (String name : List.of("1", "2", "3", "4")) {
      exchange.publish(event("a", name));
    }

    assertThrows(ResourceExhaustedException.class, () -> slow.next(AT_ONCE));
    assertEquals(List.of("3", "4"), names(slow));
    assertEquals(List.of("1", "2", "3", "4"), names(other));
  }

  @Test
  void aFullQueueIsNoOverflow() throws Exception {
    Subscription subscription = exchange.subscribe(event -> true, 2);

    exchange.publish(event("a", "1"));
    exchange.publish(event("a", "2"));

    assertEquals(List.of("1", "2"), names(subscription));
  }

  @Test
  void aFilterThatThrowsMatchesNothingAndDisturbsNobody() throws Exception {
    Subscription broken =
        exchange.subscribe(
            event -> {
              throw new AssertionError("broken filter");
            },
            2);
    Subscription sound = exchange.subscribe(event -> true, 2);

    exchange.publish(event("a", "1"));

    assertNull(broken.next(AT_ONCE));
    assertEquals(List.of("1"), names(sound));
  }

  @Test
  void closingWakesTheReaderAndForgetsTheQueue() throws Exception {
    Subscription subscription = exchange.subscribe(event -> true, 5);
    exchange.publish(event("a", "1"));
    assertNotNull(subscription.next(AT_ONCE));
    try (ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Envelope> reader = readers.submit(() -> subscription.next(PATIENCE));

      subscription.close();
      subscription.close();

      assertNull(reader.get(10, TimeUnit.SECONDS));
    }
    exchange.publish(event("a", "2"));
    assertNull(subscription.next(AT_ONCE));
    assertEquals(0, exchange.subscribers());
  }

  @Test
  void closingTheExchangeEndsAllSubscriptions() throws Exception {
    Subscription subscription = exchange.subscribe(event -> true, 5);

    exchange.close();

    assertNull(subscription.next(PATIENCE));
    assertThrows(UnavailableException.class, () -> exchange.subscribe(event -> true, 1));
  }

  @Test
  void capacityMustBePositive() {
    assertThrows(InvalidArgumentException.class, () -> exchange.subscribe(event -> true, 0));
  }

  @Test
  void anInterruptEndsTheWait() throws Exception {
    Subscription subscription = exchange.subscribe(event -> true, 1);
    CountDownLatch ended = new CountDownLatch(1);
    Thread reader =
        Thread.startVirtualThread(() -> {
          try {
            subscription.next(PATIENCE);
          } catch (InterruptedException e) {
            ended.countDown();
          }
        });

    reader.interrupt();

    assertTrue(ended.await(10, TimeUnit.SECONDS));
  }

  @Test
  void manyPublishersAreSeenInOneOrderByAllSubscribers() throws Exception {
    int publishers = 8;
    int each = 2000;
    List<Subscription> subscriptions = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      subscriptions.add(exchange.subscribe(event -> true, publishers * each));
    }
    List<Callable<Void>> work = new ArrayList<>();
    for (int p = 0; p < publishers; p++) {
      String publisher = "p" + p;
      work.add(() -> {
        for (int i = 0; i < each; i++) {
          exchange.publish(event(publisher, Integer.toString(i)));
        }
        return null;
      });
    }
    runAll(work);

    List<String> first = null;
    for (Subscription subscription : subscriptions) {
      List<String> seen = new ArrayList<>();
      Map<String, Integer> next = new HashMap<>();
      for (Envelope e = subscription.next(AT_ONCE); e != null; e = subscription.next(AT_ONCE)) {
        int number = Integer.parseInt(name(e));
        assertEquals(next.getOrDefault(e.namespace(), 0), number);
        next.put(e.namespace(), number + 1);
        seen.add(e.namespace() + number);
      }
      assertEquals(publishers * each, seen.size());
      first = first == null ? seen : first;
      assertEquals(first, seen);
    }
  }

  @Test
  void subscribingAndClosingWhileOthersPublishLosesNothingOfOthers() throws Exception {
    Subscription steady = exchange.subscribe(event -> true, 20_000);
    AtomicBoolean stop = new AtomicBoolean();
    List<Callable<Void>> work = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      work.add(() -> {
        while (!stop.get()) {
          try (Subscription brief = exchange.subscribe(event -> true, 4)) {
            brief.next(Duration.ofMillis(1));
          } catch (ResourceExhaustedException e) {
            // A brief reader may be too slow for what is published; the steady one must not notice.
          }
        }
        return null;
      });
    }
    work.add(() -> {
      for (int i = 0; i < 10_000; i++) {
        exchange.publish(event("a", Integer.toString(i)));
      }
      stop.set(true);
      return null;
    });
    runAll(work);

    assertEquals(10_000, names(steady).size());
    assertEquals(1, exchange.subscribers());
  }

  @Test
  void aReaderThatNeverReadsDoesNotHoldUpThePublisher() throws Exception {
    Subscription stuck = exchange.subscribe(event -> true, 1);
    Subscription reading = exchange.subscribe(event -> true, 100_000);

    for (int i = 0; i < 50_000; i++) {
      exchange.publish(event("a", Integer.toString(i)));
    }

    assertEquals(50_000, names(reading).size());
    assertThrows(ResourceExhaustedException.class, () -> stuck.next(AT_ONCE));
    assertEquals(List.of("49999"), names(stuck));
  }

  private static void runAll(List<Callable<Void>> work) throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<Void> done : threads.invokeAll(work, 60, TimeUnit.SECONDS)) {
        done.get();
      }
    }
  }

  private static Envelope event(String namespace, String name) {
    Event event = new Event.ImageDeleted(name);
    return new Envelope(Instant.EPOCH, namespace, event.topic(), event);
  }

  private static String name(Envelope envelope) {
    return ((Event.ImageDeleted) envelope.event()).name();
  }

  private static List<String> names(Subscription subscription) throws InterruptedException {
    List<String> names = new ArrayList<>();
    for (Envelope e = subscription.next(AT_ONCE); e != null; e = subscription.next(AT_ONCE)) {
      names.add(name(e));
    }
    return names;
  }
}
