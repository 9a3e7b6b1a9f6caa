package dev.carafe.plugin.restart;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * When a container may be started again: the delay doubles with each exit soon after a start. Times
 * are nanoseconds of a clock that only goes forward. Not thread-safe.
 */
final class Backoff {
  private static final int LARGEST_SHIFT = 30;

  private static final class History {
    private int starts;
    private long startedAt;
    private boolean waiting;
    private long notBefore;
  }

  private final Map<Workload, History> histories = new HashMap<>();

  /** The container was started, or it was tried. */
  void started(Workload workload, long now) {
    History history = histories.computeIfAbsent(workload, ignored -> new History());
    history.starts++;
    history.startedAt = now;
    history.waiting = false;
  }

  /** Somebody else started it. */
  void runs(Workload workload) {
    History history = histories.get(workload);
    if (history != null) {
      history.waiting = false;
    }
  }

  /**
   * The container has ended; said again before it is started, it changes nothing.
   *
   * @return when it may be started
   */
  long ended(Workload workload, RestartMonitorConfig config, long now) {
    History history = histories.computeIfAbsent(workload, ignored -> new History());
    if (!history.waiting) {
      if (history.starts > 0 && now - history.startedAt >= config.healthy().toNanos()) {
        history.starts = 0;
      }
      long delay = config.delay().toMillis() << Math.min(history.starts, LARGEST_SHIFT);
      history.notBefore = now + Math.min(delay, config.maxDelay().toMillis()) * 1_000_000;
      history.waiting = true;
    }
    return history.notBefore;
  }

  /** Forgets all but these. */
  void retain(Set<Workload> workloads) {
    histories.keySet().retainAll(workloads);
  }
}
