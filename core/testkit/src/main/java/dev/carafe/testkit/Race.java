package dev.carafe.testkit;

import dev.carafe.spi.errors.DaemonException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Starts calls at the same time and collects how each of them ended. */
public final class Race {
  private static final long PATIENCE_SECONDS = 120;

  private Race() {}

  /**
   * Runs every call on a thread of its own, all from one starting line.
   *
   * @return the outcomes in the order of the calls
   * @throws AssertionError if a call throws anything but a {@link DaemonException}, or does not
   *     return within two minutes
   */
  public static <T> List<Outcome<T>> run(List<? extends Callable<T>> calls) {
    CyclicBarrier start = new CyclicBarrier(calls.size());
    List<Outcome<T>> outcomes = new ArrayList<>();
    var threads = Executors.newVirtualThreadPerTaskExecutor();
    try {
      List<Future<Outcome<T>>> running = new ArrayList<>();
      for (Callable<T> call : calls) {
        running.add(
            threads.submit(() -> {
              start.await();
              try {
                return new Outcome<T>(call.call(), null);
              } catch (DaemonException e) {
                return new Outcome<T>(null, e);
              }
            }));
      }
      for (Future<Outcome<T>> one : running) {
        outcomes.add(one.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
      }
    } catch (ExecutionException e) {
      throw new AssertionError("in a race: " + e.getCause(), e.getCause());
    } catch (TimeoutException e) {
      throw new AssertionError("in a race: no answer in " + PATIENCE_SECONDS + " seconds", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    } finally {
      threads.shutdownNow();
    }
    return outcomes;
  }

  /** How a call ended: {@code failure} is null if it returned {@code value}. */
  public record Outcome<T>(@Nullable T value, @Nullable DaemonException failure) {
    public boolean succeeded() {
      return failure == null;
    }
  }
}
