package dev.carafe.metadata;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the sweeps of back ends, each on a thread of its own, and waits for those that get on. One
 * that does nothing for a while is left to itself: whoever waits for a collection has what the
 * database can give, and is not held up by a back end that hangs. Until it is done it is not begun
 * again; what became garbage meanwhile is swept right after.
 */
final class SweepRuns implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SweepRuns.class);

  private final Duration patience;
  private final Consumer<BackendSweep> sweeper;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Map<BackendSweep, Run> running = new ConcurrentHashMap<>();

  /** One sweep, and whether it is to be done once more. */
  private static final class Run {
    private final CompletableFuture<Boolean> done = new CompletableFuture<>();
    private boolean again;
  }

  SweepRuns(Duration patience, Consumer<BackendSweep> sweeper) {
    this.patience = patience;
    this.sweeper = sweeper;
  }

  /** Sweeps all, and returns when each is done or does nothing. */
  void run(List<BackendSweep> sweeps) throws InterruptedException {
    Map<BackendSweep, Run> own = new HashMap<>();
    for (BackendSweep sweep : sweeps) {
      Run begun = begin(sweep);
      if (begun != null) {
        own.put(sweep, begun);
      }
    }
    for (Map.Entry<BackendSweep, Run> one : own.entrySet()) {
      await(one.getKey(), one.getValue());
    }
  }

  /** Null if one that was left to itself still runs: it is done once more then. */
  private @Nullable Run begin(BackendSweep sweep) {
    Run mine = new Run();
    Run present = running.putIfAbsent(sweep, mine);
    if (present != null) {
      synchronized (present) {
        if (!present.done.isDone()) {
          present.again = true;
          return null;
        }
      }
      running.put(sweep, mine);
    }
    sweep.step();
    threads.execute(() -> work(sweep, mine));
    return mine;
  }

  private void work(BackendSweep sweep, Run run) {
    try {
      boolean more;
      do {
        sweeper.accept(sweep);
        synchronized (run) {
          more = run.again;
          run.again = false;
          if (!more) {
            run.done.complete(true);
          }
        }
      } while (more);
    } catch (Throwable e) {
      synchronized (run) {
        run.done.completeExceptionally(e);
      }
    } finally {
      running.remove(sweep, run);
    }
  }

  private void await(BackendSweep sweep, Run run) throws InterruptedException {
    while (true) {
      long left = sweep.lastStep() + patience.toNanos() - System.nanoTime();
      try {
        run.done.get(Math.max(0, left), TimeUnit.NANOSECONDS);
        return;
      } catch (TimeoutException e) {
        if (System.nanoTime() - sweep.lastStep() >= patience.toNanos()) {
          log.warn(
              "back end \"{}\" does nothing for {} s: the collection ends without it",
              sweep.name(),
              patience.toSeconds());
          return;
        }
      } catch (ExecutionException e) {
        switch (e.getCause()) {
          case RuntimeException failure -> throw failure;
          case Error error -> throw error;
          case null, default -> throw new CompletionException(e);
        }
      }
    }
  }

  /** Interrupts what runs, and does not wait for it. */
  @Override
  public void close() {
    threads.shutdownNow();
  }
}
