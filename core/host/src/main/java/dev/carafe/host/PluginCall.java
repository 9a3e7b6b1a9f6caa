package dev.carafe.host;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One piece of a plugin's code on a virtual thread of its own, and somebody who waits for it, but
 * not for longer than they want. Whoever leaves early interrupts the thread; a result that then
 * comes too late is closed if it can be.
 */
abstract class PluginCall implements Runnable {
  private static final int RUNNING = 0;
  private static final int DONE = 1;
  private static final int LEFT = 2;

  /** How long a caller that was interrupted waits for the plugin to obey its own interrupt. */
  private static final long GRACE_NANOS = 1_000_000_000L;

  /** How a wait ended. */
  enum Ending {
    /** The plugin has returned or thrown. */
    DONE,
    /** The deadline passed; the plugin still runs. */
    TIMED_OUT,
    /** The caller was interrupted, the plugin too, and the plugin still runs. */
    INTERRUPTED
  }

  private final AtomicInteger state = new AtomicInteger(RUNNING);
  private final @Nullable ClassLoader loader;
  private volatile @Nullable Thread waiter;
  private volatile @Nullable Thread thread;
  private long startedAt;
  private long endedAt;
  private @Nullable Object result;
  private @Nullable Throwable failure;

  /**
   * @param loader the context class loader of the call, or null to keep the daemon's
   */
  PluginCall(@Nullable ClassLoader loader) {
    this.loader = loader;
  }

  /** The plugin's code. */
  abstract @Nullable Object work() throws Throwable;

  /** Runs on the plugin's thread when nothing of the plugin runs any more. */
  void ended() {}

  final void start(ThreadFactory threads) {
    waiter = Thread.currentThread();
    startedAt = System.nanoTime();
    Thread started = threads.newThread(this);
    thread = started;
    started.start();
  }

  @Override
  public final void run() {
    try {
      if (loader != null) {
        Thread.currentThread().setContextClassLoader(loader);
      }
      result = work();
    } catch (Throwable e) {
      failure = e;
    }
    endedAt = System.nanoTime();
    ended();
    if (state.compareAndSet(RUNNING, DONE)) {
      LockSupport.unpark(waiter);
    } else {
      closeQuietly(result);
    }
  }

  /**
   * Waits on the thread that called {@link #start}. An interrupt of the caller is passed on to the
   * plugin, and the caller's flag is set again on return.
   *
   * @param nanos from the start of the call, or 0 to wait for as long as it takes
   */
  final Ending await(long nanos) {
    boolean interrupted = false;
    long graceEnds = 0;
    Ending ending = Ending.DONE;
    while (state.get() == RUNNING) {
      if (Thread.interrupted() && !interrupted) {
        interrupted = true;
        graceEnds = System.nanoTime() + GRACE_NANOS;
        interrupt();
      }
      long now = System.nanoTime();
      long left = nanos == 0 ? Long.MAX_VALUE : startedAt + nanos - now;
      if (interrupted) {
        left = Math.min(left, graceEnds - now);
      }
      if (left == Long.MAX_VALUE) {
        LockSupport.park(this);
      } else if (left > 0) {
        LockSupport.parkNanos(this, left);
      } else if (state.compareAndSet(RUNNING, LEFT)) {
        ending = interrupted ? Ending.INTERRUPTED : Ending.TIMED_OUT;
        interrupt();
        break;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return ending;
  }

  final void interrupt() {
    Thread running = thread;
    if (running != null) {
      running.interrupt();
    }
  }

  /** After {@link Ending#DONE} only. */
  final @Nullable Object result() {
    return result;
  }

  /** What was thrown, or null; after {@link Ending#DONE} only. */
  final @Nullable Throwable failure() {
    return failure;
  }

  /** How long the plugin took; after {@link Ending#DONE} only. */
  final long nanos() {
    return endedAt - startedAt;
  }

  private static void closeQuietly(@Nullable Object late) {
    if (late instanceof AutoCloseable closeable) {
      try {
        closeable.close();
      } catch (Throwable e) {
        // Nobody is left to tell, and the thread ends here.
      }
    }
  }
}
