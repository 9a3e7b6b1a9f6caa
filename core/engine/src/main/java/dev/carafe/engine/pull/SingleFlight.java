package dev.carafe.engine.pull;

import dev.carafe.spi.errors.CancelledException;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;

/**
 * One piece of work for each key at a time: who asks while it is under way waits and shares its
 * result or its failure.
 */
final class SingleFlight<K, V> {
  private final Map<K, CompletableFuture<V>> flights = new ConcurrentHashMap<>();

  /** What came of it, and whether this caller did the work. */
  record Landed<V>(V value, boolean leader) {}

  /**
   * Runs the work or waits for it. Where the worker was cancelled, one of those who wait takes
   * over.
   */
  Landed<V> run(K key, Callable<V> work) throws Exception {
    while (true) {
      CompletableFuture<V> mine = new CompletableFuture<>();
      CompletableFuture<V> flying = flights.putIfAbsent(key, mine);
      if (flying == null) {
        try {
          V value = work.call();
          mine.complete(value);
          return new Landed<>(value, true);
        } catch (Exception | Error e) {
          mine.completeExceptionally(e);
          throw e;
        } finally {
          flights.remove(key, mine);
        }
      }
      try {
        return new Landed<>(flying.get(), false);
      } catch (ExecutionException e) {
        if (e.getCause() instanceof CancelledException
            || e.getCause() instanceof InterruptedException) {
          continue;
        }
        if (e.getCause() instanceof Exception cause) {
          throw cause;
        }
        throw e;
      }
    }
  }
}
