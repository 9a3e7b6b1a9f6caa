package dev.carafe.testkit.events;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.events.Envelope;
import dev.carafe.spi.events.EventBus;
import dev.carafe.spi.events.Subscription;
import dev.carafe.testkit.SuiteRun;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** One fault fails the checks that are about it, and no other. */
class EventBusConformanceFindsFaultsTest {
  @Test
  void rightOneFailsNothing() {
    assertEquals(Set.of(), SuiteRun.of(Right.class).failed());
  }

  @Test
  void anOrderThatIsNotKeptIsFound() {
    assertEquals(Set.of("EVENT-ORDER-01", "EVENT-SLOW-01"), SuiteRun.of(Reverses.class).failed());
  }

  @Test
  void oldEventsAreFound() {
    assertEquals(Set.of("EVENT-ORDER-02"), SuiteRun.of(Replays.class).failed());
  }

  @Test
  void lossThatNobodyIsToldOfIsFound() {
    assertEquals(Set.of("EVENT-SLOW-01"), SuiteRun.of(LosesSilently.class).failed());
  }

  static class Right extends EventBusConformance {
    @Override
    protected EventBus open(Path directory) {
      return new Bus();
    }
  }

  static class Reverses extends EventBusConformance {
    @Override
    protected EventBus open(Path directory) {
      return new Bus() {
        @Override
        public void publishAll(List<Envelope> envelopes) {
          envelopes.reversed().forEach(this::publish);
        }
      };
    }
  }

  static class Replays extends EventBusConformance {
    @Override
    protected EventBus open(Path directory) {
      return new Bus() {
        private final List<Envelope> old = new ArrayList<>();

        @Override
        public synchronized void publish(Envelope envelope) {
          old.add(envelope);
          super.publish(envelope);
        }

        @Override
        public synchronized Subscription subscribe(Predicate<Envelope> filter, int capacity) {
          Queue queue = (Queue) super.subscribe(filter, capacity);
          old.forEach(queue::offer);
          return queue;
        }
      };
    }
  }

  static class LosesSilently extends EventBusConformance {
    @Override
    protected EventBus open(Path directory) {
      return new Bus() {
        @Override
        public Subscription subscribe(Predicate<Envelope> filter, int capacity) {
          Queue queue = (Queue) super.subscribe(filter, capacity);
          queue.tells = false;
          return queue;
        }
      };
    }
  }

  /** The smallest bus that is right. */
  static class Bus implements EventBus {
    private final List<Queue> queues = new CopyOnWriteArrayList<>();

    @Override
    public void publish(Envelope envelope) {
      queues.forEach(queue -> queue.offer(envelope));
    }

    @Override
    public Subscription subscribe(Predicate<Envelope> filter, int capacity) {
      Queue queue = new Queue(filter, capacity);
      queues.add(queue);
      return queue;
    }
  }

  static final class Queue implements Subscription {
    private final Predicate<Envelope> filter;
    private final LinkedBlockingDeque<Envelope> waiting;
    private final AtomicBoolean lost = new AtomicBoolean();
    private volatile boolean closed;
    private boolean tells = true;

    Queue(Predicate<Envelope> filter, int capacity) {
      this.filter = filter;
      this.waiting = new LinkedBlockingDeque<>(capacity);
    }

    void offer(Envelope envelope) {
      try {
        if (!closed && filter.test(envelope) && !waiting.offer(envelope)) {
          waiting.clear();
          waiting.offer(envelope);
          lost.set(tells);
        }
      } catch (IllegalStateException e) {
        // A filter that throws matches nothing.
      }
    }

    @Override
    public @Nullable Envelope next(Duration atMost) throws InterruptedException {
      long end = System.nanoTime() + atMost.toNanos();
      do {
        if (lost.compareAndSet(true, false)) {
          throw new ResourceExhaustedException("events were lost");
        }
        Envelope next = waiting.poll(10, TimeUnit.MILLISECONDS);
        if (next != null) {
          return next;
        }
      } while (!closed && System.nanoTime() < end);
      return null;
    }

    @Override
    public void close() {
      closed = true;
      waiting.clear();
    }
  }
}
