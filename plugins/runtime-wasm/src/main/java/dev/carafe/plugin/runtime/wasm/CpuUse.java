package dev.carafe.plugin.runtime.wasm;

/** The processor time of one task against its limits. Called by one thread at a time. */
final class CpuUse {
  private final GuestThread thread;
  private volatile CpuLimits limits;
  private volatile long throttled;
  private volatile long seen;
  private boolean held;
  private long windowBegan = System.nanoTime();
  private long usedBefore;

  CpuUse(GuestThread thread, CpuLimits limits) {
    this.thread = thread;
    this.limits = limits;
  }

  CpuLimits limits() {
    return limits;
  }

  void limit(CpuLimits next) {
    limits = next;
    if (next.quota() == 0) {
      thread.throttle(false);
    }
  }

  /** Never falls, also when the thread is gone. */
  long nanos() {
    long now = Math.max(seen, CpuClock.used(thread));
    seen = now;
    return now;
  }

  /** How often it was held back. */
  long throttled() {
    return throttled;
  }

  /** Holds the thread back or lets it go on; says whether it has had all that it may have. */
  boolean check(long now) {
    CpuLimits current = limits;
    long used = nanos();
    if (current.quota() > 0) {
      share(current, now, used);
    }
    return current.seconds() > 0 && used >= current.seconds() * 1_000_000_000L;
  }

  /** What was not used is kept for one period, not longer. */
  private void share(CpuLimits current, long now, long used) {
    double share = (double) current.quota() / current.period();
    double allowed = (now - windowBegan) * share;
    double quota = current.quota() * 1000.0;
    if (allowed - (used - usedBefore) > quota) {
      windowBegan = now - current.period() * 1000;
      usedBefore = used;
      allowed = quota;
    }
    boolean over = used - usedBefore > allowed;
    if (over && !held) {
      throttled++;
    }
    if (over != held) {
      held = over;
      thread.throttle(over);
    }
  }
}
