package dev.carafe.cni;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tries again and again to remove what could not be removed, ever more seldom. */
final class TearDowns implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(TearDowns.class);
  private static final Duration CLOSE = Duration.ofSeconds(5);

  private final Predicate<String> attempt;
  private final Duration first;
  private final Duration longest;

  /** How often each pod that is being removed was asked for. */
  private final Map<String, Integer> asked = new ConcurrentHashMap<>();

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch closed = new CountDownLatch(1);

  /**
   * Makes the queue.
   *
   * @param attempt removes the networks of a pod and says whether none is left
   * @param first pause before a second attempt; doubles up to {@code longest}
   */
  TearDowns(Predicate<String> attempt, Duration first, Duration longest) {
    this.attempt = attempt;
    this.first = first;
    this.longest = longest;
  }

  /** Tries at once, then after pauses. */
  void now(String id) {
    begin(id, Duration.ZERO);
  }

  /** Tries after the first pause. */
  void later(String id) {
    begin(id, first);
  }

  private void begin(String id, Duration pause) {
    if (asked.merge(id, 1, Integer::sum) > 1) {
      return;
    }
    try {
      threads.execute(() -> run(id, pause));
    } catch (RejectedExecutionException e) {
      log.debug("networks of pod {} are left to the next start", id);
    }
  }

  private void run(String id, Duration firstPause) {
    Duration pause = firstPause;
    try {
      while (!closed.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
        Integer before = asked.get(id);
        // Who asks during an attempt may mean what has come since.
        if (attempted(id) && asked.remove(id, before)) {
          return;
        }
        Duration next = pause.isZero() ? first : pause.multipliedBy(2);
        pause = next.compareTo(longest) > 0 ? longest : next;
      }
    } catch (InterruptedException e) {
      log.debug("networks of pod {} are left to the next start", id);
    }
  }

  private boolean attempted(String id) {
    try {
      return attempt.test(id);
    } catch (RuntimeException e) {
      log.warn("networks of pod {} are not removed yet: {}", id, e.getMessage());
      return false;
    }
  }

  /** Ends the attempts; what is not removed stays on record. */
  @Override
  public void close() {
    closed.countDown();
    threads.shutdownNow();
    try {
      boolean _ = threads.awaitTermination(CLOSE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
