package dev.carafe.engine.pull;

import dev.carafe.engine.observe.Observations;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.UnavailableException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Runs pieces of work on virtual threads; the first failure cancels the rest and is what the caller
 * gets.
 */
public final class Parallel {
  private Parallel() {}

  /** The results in the order of the work. Returns only when every thread has ended. */
  public static <T> List<T> all(List<? extends Callable<T>> work) {
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      ExecutorCompletionService<T> completion = new ExecutorCompletionService<>(executor);
      List<Future<T>> futures = new ArrayList<>(work.size());
      for (Callable<T> piece : work) {
        futures.add(completion.submit(Observations.carried(piece)));
      }
      try {
        for (int i = 0; i < futures.size(); i++) {
          completion.take().get();
        }
        List<T> results = new ArrayList<>(futures.size());
        for (Future<T> future : futures) {
          results.add(future.resultNow());
        }
        return results;
      } catch (ExecutionException e) {
        futures.forEach(future -> future.cancel(true));
        throw failure(e.getCause());
      } catch (InterruptedException e) {
        futures.forEach(future -> future.cancel(true));
        Thread.currentThread().interrupt();
        throw new CancelledException("cancelled", e);
      }
    }
  }

  /** A failure of a piece of work as its caller gets it. */
  public static RuntimeException failure(@Nullable Throwable cause) {
    return switch (cause) {
      case null -> new UnavailableException("failed without a cause");
      case DaemonException known -> known;
      case InterruptedException e -> new CancelledException("cancelled", e);
      case RuntimeException unchecked -> unchecked;
      case Error error -> throw error;
      default -> new UnavailableException(cause.toString(), cause);
    };
  }
}
