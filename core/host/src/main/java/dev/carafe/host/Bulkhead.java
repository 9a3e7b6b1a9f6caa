package dev.carafe.host;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The places for a plugin's calls. A place is taken until the plugin returns, whether anybody still
 * waits for it or not, so that a stuck plugin uses up its own places and nothing else.
 */
final class Bulkhead {
  private static final long POLL_NANOS = 20_000_000L;

  private final int limit;
  private final AtomicInteger taken = new AtomicInteger();
  private final Set<PluginCall> calls = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;
  private volatile @Nullable Thread closer;

  Bulkhead(int limit) {
    this.limit = limit;
  }

  /** Whether there was a place; false also when closed. */
  boolean enter(PluginCall call) {
    if (taken.incrementAndGet() > limit || closed) {
      left();
      return false;
    }
    calls.add(call);
    return true;
  }

  void leave(PluginCall call) {
    calls.remove(call);
    left();
  }

  private void left() {
    if (taken.decrementAndGet() == 0 && closed) {
      LockSupport.unpark(closer);
    }
  }

  int limit() {
    return limit;
  }

  int inFlight() {
    return taken.get();
  }

  boolean isClosed() {
    return closed;
  }

  /** Lets nobody in any more. */
  void close() {
    closed = true;
  }

  /** Lets callers in again. */
  void reopen() {
    closed = false;
  }

  void interruptAll() {
    calls.forEach(PluginCall::interrupt);
  }

  /** Waits until the last call has returned, once closed; false if it did not in time. */
  boolean awaitEmpty(long deadlineNanos) {
    closer = Thread.currentThread();
    while (taken.get() > 0) {
      long left = deadlineNanos - System.nanoTime();
      if (left <= 0) {
        return false;
      }
      LockSupport.parkNanos(this, Math.min(left, POLL_NANOS));
      if (Thread.interrupted()) {
        Thread.currentThread().interrupt();
        return taken.get() == 0;
      }
    }
    return true;
  }
}
