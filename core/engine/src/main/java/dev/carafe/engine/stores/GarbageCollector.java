package dev.carafe.engine.stores;

import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Removes what nothing holds. One collection at a time; callers that come meanwhile wait for the
 * next.
 */
public interface GarbageCollector {
  /**
   * Marks and sweeps, and waits until the sweep's removals are durable; space that back ends free
   * later is freed off this call.
   *
   * @return what went
   */
  Report collect() throws InterruptedException;

  /** Calls {@code listener} after each commit, outside all locks; it must be cheap. */
  void onMutation(MutationListener listener);

  /**
   * Calls {@code listener} when a collection has removed mounts from the database, before what was
   * mounted is removed from back ends; it must be cheap.
   */
  void onMountsRemoved(Runnable listener);

  /** Calls {@code listener} after each collection that succeeded; it must be cheap. */
  void onCollected(Consumer<Report> listener);

  /** Told about commits. */
  @FunctionalInterface
  interface MutationListener {
    /**
     * A transaction was committed.
     *
     * @param deletion whether it may have left garbage
     */
    void mutated(boolean deletion);
  }

  /**
   * One collection.
   *
   * @param removed objects by kind: {@code content}, {@code ingests}, {@code leases}, {@code
   *     images}, {@code mounts}, {@code snapshots/NAME}
   * @param pause how long writers were held up
   */
  record Report(Map<String, Integer> removed, Duration duration, Duration pause) {
    public Report {
      removed = Map.copyOf(removed);
    }
  }
}
