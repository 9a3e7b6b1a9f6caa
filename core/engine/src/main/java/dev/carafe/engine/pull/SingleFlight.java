package dev.carafe.engine.pull;

import dev.carafe.spi.errors.CancelledException;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * One piece of work for each key at a time: who asks while it is under way waits and shares its
 * result. A failure is shared by those who ask the same origin; others try for themselves.
 */
final class SingleFlight<K, V> {
  private final Map<K, Flight<V>> flights = new ConcurrentHashMap<>();

  private record Flight<V>(Object origin, CompletableFuture<V> result) {
    Flight(Object origin) {
      this(origin, new CompletableFuture<>());
    }
  }

  /** What came of it, and whether this caller did the work. */
  record Landed<V>(V value, boolean leader) {}

  /**
   * Runs the work or waits for it. Where the worker was cancelled, one of those who wait takes
   * over.
   *
   * @param origin what a failure may be due to
   */
  Landed<V> run(K key, Object origin, Callable<V> work) throws Exception {
    while (true) {
      Flight<V> mine = new Flight<>(origin);
      Flight<V> flying = flights.putIfAbsent(key, mine);
      if (flying == null) {
        return new Landed<>(lead(key, mine, work), true);
      }
      try {
        return new Landed<>(flying.result().get(), false);
      } catch (ExecutionException e) {
        if (!cancelled(e.getCause()) && flying.origin().equals(origin)) {
          throw e.getCause() instanceof Exception cause ? cause : e;
        }
      }
    }
  }

  private V lead(K key, Flight<V> mine, Callable<V> work) throws Exception {
    try {
      V value = work.call();
      flights.remove(key, mine);
      mine.result().complete(value);
      return value;
    } catch (Exception | Error e) {
      flights.remove(key, mine);
      mine.result().completeExceptionally(e);
      throw e;
    }
  }

  private static boolean cancelled(@Nullable Throwable failure) {
    return failure instanceof CancelledException || failure instanceof InterruptedException;
  }

  /** Runs something while nobody works on the key; if somebody does, nothing happens. */
  void ifIdle(K key, Runnable action) {
    Flight<V> mine = new Flight<>(key);
    if (flights.putIfAbsent(key, mine) != null) {
      return;
    }
    try {
      action.run();
    } finally {
      flights.remove(key, mine);
      mine.result().completeExceptionally(new CancelledException("not worked on after all"));
    }
  }
}
