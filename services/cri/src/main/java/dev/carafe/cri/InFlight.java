package dev.carafe.cri;

import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DeadlineExceededException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Operations that are under way, by identity. They go on when their caller goes away; who asks for
 * the same one meanwhile waits for it and gets its result.
 */
final class InFlight<V> {
  private final String what;
  private final Duration limit;
  private final Map<String, Operation<V>> operations = new ConcurrentHashMap<>();

  private static final class Operation<V> {
    final CompletableFuture<V> result = new CompletableFuture<>();
    volatile String stage = "starting";
  }

  /** Told what an operation is at. */
  interface Stages {
    void at(String stage);
  }

  /** The work of an operation. */
  interface Work<V> {
    V run(Stages stages) throws Exception;
  }

  InFlight(String what, Duration limit) {
    this.what = what;
    this.limit = limit;
  }

  /**
   * Does the work, or waits for whoever does it already.
   *
   * @throws DeadlineExceededException if it takes too long; it goes on, and the next call waits for
   *     it again
   */
  V join(String identity, Work<V> work) {
    var mine = new Operation<V>();
    Operation<V> operation = operations.putIfAbsent(identity, mine);
    if (operation == null) {
      operation = mine;
      Thread.ofVirtual().name(what + " " + identity).start(() -> run(identity, mine, work));
    }
    return await(identity, operation);
  }

  private void run(String identity, Operation<V> operation, Work<V> work) {
    try {
      V value = work.run(stage -> operation.stage = stage);
      operations.remove(identity, operation);
      operation.result.complete(value);
    } catch (Throwable e) {
      operations.remove(identity, operation);
      operation.result.completeExceptionally(e);
    }
  }

  private V await(String identity, Operation<V> operation) {
    try {
      return operation.result.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new DeadlineExceededException(
          what + " " + identity + ": not done within " + limit + ", at: " + operation.stage, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException(
          what + " " + identity + ": cancelled, goes on, at: " + operation.stage, e);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      throw failure(cause == null ? e : cause);
    }
  }

  private static RuntimeException failure(Throwable cause) {
    return switch (cause) {
      case DaemonException known -> known;
      case RuntimeException unknown -> unknown;
      case Error error -> throw error;
      default -> new IllegalStateException(cause);
    };
  }

  /** Runs what throws anything as work that throws what callers know. */
  static <T> T unchecked(Callable<T> work) {
    try {
      return work.call();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("cancelled", e);
    } catch (Exception e) {
      throw failure(e);
    }
  }
}
