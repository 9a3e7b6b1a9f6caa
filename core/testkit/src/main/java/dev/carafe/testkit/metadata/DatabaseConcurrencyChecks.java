package dev.carafe.testkit.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.metadata.KeyRange;
import dev.carafe.spi.metadata.WritableBucket;
import dev.carafe.testkit.Race;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Many threads at once. */
abstract class DatabaseConcurrencyChecks extends DatabaseChecks {
  private static final int THREADS = 16;
  private static final int ROUNDS = 50;

  DatabaseConcurrencyChecks(MetadataDatabaseConformance suite) {
    super(suite);
  }

  private static <T> List<T> race(List<Callable<T>> calls) {
    var values = new ArrayList<T>();
    for (Race.Outcome<T> outcome : Race.run(calls)) {
      if (outcome.failure() != null) {
        throw new AssertionError(outcome.failure());
      }
      values.add(outcome.value());
    }
    return values;
  }

  @Test
  @DisplayName("META-CONC-01 updates of many threads run one at a time and lose nothing")
  void updatesRunOneAtATime() {
    var inside = new AtomicInteger();
    var calls = new ArrayList<Callable<List<Long>>>();
    for (int i = 0; i < THREADS; i++) {
      calls.add(() -> {
        var numbers = new ArrayList<Long>();
        for (int round = 0; round < ROUNDS; round++) {
          numbers.add(
              database.update(tx -> {
                assertEquals(1, inside.incrementAndGet());
                WritableBucket bucket = tx.createBucketIfAbsent("a");
                long number = bucket.nextSequence();
                bucket.put(Long.toString(number), bytes("v"));
                inside.decrementAndGet();
                return number;
              }));
        }
        return numbers;
      });
    }
    var all = new HashSet<Long>();
    race(calls).forEach(all::addAll);
    assertEquals(THREADS * ROUNDS, all.size());
    assertEquals(
        THREADS * ROUNDS, database.view(tx -> keys(present(tx.bucket("a")), KeyRange.ALL)).size());
  }

  @Test
  @DisplayName("META-CONC-02 what an update returned for is visible to a view that begins then")
  void ownCommitIsVisible() {
    var calls = new ArrayList<Callable<Boolean>>();
    for (int i = 0; i < THREADS; i++) {
      String key = "thread " + i;
      calls.add(() -> {
        for (int round = 0; round < ROUNDS; round++) {
          put(key, "round " + round, "a");
          assertEquals("round " + round, value(key, "a"));
        }
        return true;
      });
    }
    race(calls);
  }

  @Test
  @DisplayName("META-CONC-03 views see whole transactions only, and never go back")
  void viewsSeeWholeTransactions() {
    var stop = new AtomicBoolean();
    var calls = new ArrayList<Callable<Boolean>>();
    calls.add(() -> {
      try {
        for (int round = 1; round <= THREADS * ROUNDS; round++) {
          String value = Integer.toString(round);
          database.write(tx -> {
            tx.createBucketIfAbsent("a").put("k", bytes(value));
            tx.createBucketIfAbsent("b", "c").put("k", bytes(value));
          });
        }
      } finally {
        stop.set(true);
      }
      return true;
    });
    for (int i = 0; i < 3; i++) {
      calls.add(() -> {
        long last = 0;
        int seen = 0;
        while (!stop.get()) {
          // Gives way: virtual threads are not preempted.
          LockSupport.parkNanos(50_000);
          long revision =
              database.view(tx -> {
                assertEquals(valueIn(tx, "k", "a"), valueIn(tx, "k", "b", "c"));
                return tx.revision();
              });
          assertTrue(revision >= last);
          last = revision;
          String value = value("k", "a");
          int number = value == null ? 0 : Integer.parseInt(value);
          assertTrue(number >= seen);
          seen = number;
        }
        return true;
      });
    }
    race(calls);
  }

  @Test
  @DisplayName("META-CONC-04 a view goes on while an update holds the writer's place")
  void viewDoesNotWaitForWriters() {
    put("k", "v", "a");
    database.write(tx -> {
      tx.createBucketIfAbsent("a").put("k", bytes("new"));
      List<String> seen = race(List.of(() -> String.valueOf(value("k", "a"))));
      assertEquals(List.of("v"), seen);
    });
  }

  @Test
  @DisplayName("META-CONC-05 an interrupt does not abort a commit")
  void interruptDoesNotAbort() {
    race(
        List.<Callable<Boolean>>of(() -> {
          for (int round = 0; round < ROUNDS; round++) {
            Thread.currentThread().interrupt();
            put("k", "round " + round, "a");
            assertEquals("round " + round, value("k", "a"));
            assertTrue(Thread.interrupted());
          }
          return true;
        }));
    put("k", "after", "a");
    assertEquals("after", value("k", "a"));
  }
}
