package dev.carafe.cni;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TearDownsTest {
  private final List<Long> attempts = new CopyOnWriteArrayList<>();
  private final AtomicReference<TearDowns> all = new AtomicReference<>();

  private TearDowns start(int failures) {
    TearDowns made =
        new TearDowns(
            _ -> {
              attempts.add(System.nanoTime());
              return attempts.size() > failures;
            },
            Duration.ofMillis(20),
            Duration.ofMillis(80));
    all.set(made);
    return made;
  }

  @Test
  void attemptsBecomeMoreSeldomUpToALimit() {
    try (TearDowns tearDowns = start(5)) {
      tearDowns.now("p");
      tearDowns.now("p");
      Await.until("it succeeds", () -> attempts.size() == 6);
    }
    long[] least = {20, 40, 80, 80, 80};
    for (int i = 0; i < least.length; i++) {
      long pause = (attempts.get(i + 1) - attempts.get(i)) / 1_000_000;
      assertTrue(pause >= least[i], "pause " + i + ": " + pause + " ms");
    }
    assertEquals(6, attempts.size());
  }

  @Test
  void whoAsksDuringTheLastAttemptIsNotForgotten() {
    TearDowns made =
        new TearDowns(
            id -> {
              attempts.add(System.nanoTime());
              if (attempts.size() == 1) {
                all.get().later(id);
              }
              return true;
            },
            Duration.ofMillis(20),
            Duration.ofMillis(80));
    all.set(made);
    try (made) {
      made.now("p");
      Await.until("it is attempted again", () -> attempts.size() == 2);
    }
  }

  @Test
  void anAttemptThatThrowsIsOneThatFailed() {
    TearDowns made =
        new TearDowns(
            _ -> {
              attempts.add(System.nanoTime());
              if (attempts.size() == 1) {
                throw new IllegalStateException("no");
              }
              return true;
            },
            Duration.ofMillis(20),
            Duration.ofMillis(80));
    try (made) {
      made.later("p");
      Await.until("it is attempted again", () -> attempts.size() == 2);
    }
  }
}
