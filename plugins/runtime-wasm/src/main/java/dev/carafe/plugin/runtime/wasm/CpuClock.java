package dev.carafe.plugin.runtime.wasm;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks at the processor time of running tasks with limits, fifty times a second. */
final class CpuClock implements AutoCloseable {
  static final long TICK_MILLIS = 20;

  private static final Logger LOG = LoggerFactory.getLogger(CpuClock.class);
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final Set<WasmTask> tasks = ConcurrentHashMap.newKeySet();
  private final ScheduledExecutorService ticker =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("carafe-wasm-clock").factory());
  private @Nullable ScheduledFuture<?> ticking;

  /** Nanoseconds of processor time, or 0 once the thread is gone. */
  static long used(Thread thread) {
    return Math.max(0, THREADS.getThreadCpuTime(thread.threadId()));
  }

  synchronized void watch(WasmTask task) {
    tasks.add(task);
    if (ticking == null) {
      ticking =
          ticker.scheduleAtFixedRate(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  synchronized void forget(WasmTask task) {
    tasks.remove(task);
    if (tasks.isEmpty() && ticking != null) {
      ticking.cancel(false);
      ticking = null;
    }
  }

  private void tick() {
    for (WasmTask task : tasks) {
      try {
        task.checkCpu(System.nanoTime());
      } catch (RuntimeException e) {
        LOG.error("task {}: processor time: {}", task.location(), e.toString());
      }
    }
  }

  @Override
  public void close() {
    ticker.shutdownNow();
  }
}
