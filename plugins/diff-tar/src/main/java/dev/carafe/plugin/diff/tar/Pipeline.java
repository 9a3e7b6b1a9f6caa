package dev.carafe.plugin.diff.tar;

import dev.carafe.plugin.diff.tar.Handoff.PipelineAborted;
import dev.carafe.spi.errors.CancelledException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * The stages of one job, each on a platform thread of its own: they keep a core busy or wait for
 * the disk, which would starve the carriers of virtual threads. The caller's thread, virtual or
 * not, does the waiting for the world. The first failure ends all stages; {@link #close} returns
 * when all have ended.
 */
final class Pipeline implements AutoCloseable {
  private final String threadName;
  private final String name;
  private final List<Thread> threads = new ArrayList<>();
  private final List<Handoff<?>> handoffs = new ArrayList<>();
  private volatile @Nullable Throwable failure;

  /**
   * @param threadName what its threads' names begin with
   * @param name for messages
   */
  Pipeline(String threadName, String name) {
    this.threadName = threadName;
    this.name = name;
  }

  /** A queue that a failure ends. Only before the first stage is started. */
  <T> Handoff<T> handoff(int capacity) {
    var handoff = new Handoff<T>(capacity);
    handoffs.add(handoff);
    return handoff;
  }

  /** What a stage will have returned. */
  static final class Result<T> {
    private final CountDownLatch done = new CountDownLatch(1);
    private @Nullable T value;

    private void set(T result) {
      value = result;
      done.countDown();
    }

    private T take() {
      T result = value;
      if (result == null) {
        throw PipelineAborted.INSTANCE;
      }
      return result;
    }
  }

  /** Starts a stage. */
  <T> Result<T> start(String stage, Callable<T> work) {
    var result = new Result<T>();
    Thread thread =
        Thread.ofPlatform()
            .daemon()
            .name(threadName + "-" + stage)
            .unstarted(() -> {
              try {
                result.set(work.call());
              } catch (Throwable t) {
                fail(t);
                result.done.countDown();
              }
            });
    threads.add(thread);
    thread.start();
    return result;
  }

  /** Waits for a stage; whatever stage failed, this throws what it threw. */
  <T> T await(Result<T> result) throws InterruptedException {
    result.done.await();
    return result.take();
  }

  /** Ends everything, for this reason unless there is an earlier one. */
  void fail(Throwable reason) {
    synchronized (this) {
      if (failure == null) {
        failure = reason;
      }
    }
    handoffs.forEach(Handoff::abort);
  }

  /** For loops that neither put nor take for long. */
  void checkpoint() {
    if (failure != null) {
      throw PipelineAborted.INSTANCE;
    }
  }

  /**
   * Runs the caller's part, which starts the stages, feeds them and awaits their results; whatever
   * fails first, in any stage, is thrown.
   *
   * @throws CancelledException if the caller is interrupted; its interrupt status is kept
   */
  <T> T run(Callable<T> callersPart) {
    try {
      return callersPart.call();
    } catch (InterruptedException e) {
      fail(new CancelledException("cancelled", e));
      Thread.currentThread().interrupt();
    } catch (Exception e) {
      fail(e);
    } finally {
      close();
    }
    throw reason();
  }

  private RuntimeException reason() {
    return switch (failure) {
      case Error error -> throw error;
      case RuntimeException exception -> exception;
      case null, default -> new IllegalStateException(name, failure);
    };
  }

  /** Ends all stages that still run and waits for them. */
  @Override
  public void close() {
    fail(PipelineAborted.INSTANCE);
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
