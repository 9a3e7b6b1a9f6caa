package dev.carafe.linux;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs calls that may block for long on platform threads when the caller is a virtual one, so that
 * a slow disk does not occupy the few carriers that all virtual threads share.
 */
final class Offload {
  private static final int THREADS = 64;
  private static final long STACK = 512 * 1024;

  private Offload() {}

  /**
   * Runs {@code call} here, or elsewhere if this is a virtual thread. Waits until it is over even
   * when interrupted (a kernel call cannot be taken back) and keeps the interrupt flag.
   */
  static <T> T call(Supplier<T> call) {
    return Thread.currentThread().isVirtual() ? elsewhere(call) : call.get();
  }

  /**
   * As {@link #call}, for what waits on other processes and not on a disk: on a thread of its own,
   * so that no number of waiters holds up the rest.
   */
  static <T> T callAlone(Supplier<T> call) {
    if (!Thread.currentThread().isVirtual()) {
      return call.get();
    }
    var result = new CompletableFuture<T>();
    Runnable body =
        () -> {
          try {
            result.complete(call.get());
          } catch (Throwable t) {
            result.completeExceptionally(t);
          }
        };
    daemon(body, "carafe-kernel-wait").start();
    return await(result);
  }

  static void run(Runnable call) {
    var _ =
        call(() -> {
          call.run();
          return true;
        });
  }

  private static <T> T elsewhere(Supplier<T> call) {
    return await(CompletableFuture.supplyAsync(call, Pool.EXECUTOR));
  }

  /** Waits whatever interrupts, and throws what the work threw. */
  static <T> T await(CompletableFuture<T> result) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return result.get();
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          throw rethrow(e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static RuntimeException rethrow(@Nullable Throwable cause) {
    return switch (cause) {
      case Error error -> throw error;
      case RuntimeException exception -> {
        exception.addSuppressed(new Throwable("called from here"));
        yield exception;
      }
      case null, default -> new IllegalStateException(cause);
    };
  }

  static Thread daemon(Runnable task, String name) {
    var thread = new Thread(null, task, name, STACK);
    thread.setDaemon(true);
    return thread;
  }

  private static final class Pool {
    static final ThreadPoolExecutor EXECUTOR = create();

    private static ThreadPoolExecutor create() {
      var count = new AtomicLong();
      var executor =
          new ThreadPoolExecutor(
              THREADS,
              THREADS,
              5,
              TimeUnit.SECONDS,
              new LinkedBlockingQueue<>(),
              task -> daemon(task, "carafe-kernel-" + count.incrementAndGet()));
      executor.allowCoreThreadTimeOut(true);
      return executor;
    }
  }
}
