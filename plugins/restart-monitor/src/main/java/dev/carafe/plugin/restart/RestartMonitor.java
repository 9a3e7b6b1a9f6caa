package dev.carafe.plugin.restart;

import dev.carafe.engine.stores.Container;
import dev.carafe.plugin.restart.RestartPolicy.Decision;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.Reloadable;
import dev.carafe.spi.runtimes.ProcessStatus;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * When containers are looked at: after an exit, as soon as {@link Backoff} lets it be started, and
 * all of them at every interval. State decides, events only hurry it up: what was missed is seen at
 * the next interval, and after a restart of the daemon at once.
 */
final class RestartMonitor
    implements ContainerMonitor, Reloadable<RestartMonitorConfig>, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RestartMonitor.class);
  private static final int AT_ONCE = 8;
  private static final Duration GRACE = Duration.ofSeconds(3);

  private final Workloads workloads;
  private final Workloads.Exits exits;
  private final Semaphore places = new Semaphore(AT_ONCE);
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** When to look at a container next. */
  private final Map<Workload, Long> due = new HashMap<>();

  /** Containers that somebody is at work on here. */
  private final Set<Workload> busy = new HashSet<>();

  /** Containers without a task, or with one that was never started, at the last look at all. */
  private final Set<Workload> unsettled = new HashSet<>();

  private final Backoff backoff = new Backoff();
  private final List<Thread> threads;
  private RestartMonitorConfig config;
  private Status status = new Status(0, 0, 0);
  private long nextSweep = System.nanoTime();
  private boolean firstSweep = true;
  private boolean closed;

  /** Returns at once. */
  RestartMonitor(Workloads workloads, Workloads.Exits exits, RestartMonitorConfig config) {
    this.workloads = workloads;
    this.exits = exits;
    this.config = config;
    this.threads =
        List.of(
            Thread.ofVirtual().name("restart monitor: exits").start(this::readExits),
            Thread.ofVirtual().name("restart monitor").start(this::run));
  }

  @Override
  public Status status() {
    lock.lock();
    try {
      return status;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void reload(RestartMonitorConfig next) {
    lock.lock();
    try {
      config = next;
      nextSweep = System.nanoTime();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    exits.close();
    threads.forEach(Thread::interrupt);
    try {
      for (Thread thread : threads) {
        thread.join(GRACE);
      }
      // Restarts under way end as they began: half a restart is taken up by the next daemon.
      if (!places.tryAcquire(AT_ONCE, GRACE.toSeconds(), TimeUnit.SECONDS)) {
        log.warn("a restart is under way");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void readExits() {
    try {
      while (!isClosed()) {
        List<Workload> ended = exits.next();
        if (ended == null) {
          sweepNow();
          continue;
        }
        for (Workload workload : ended) {
          Container container = findQuietly(workload);
          if (container != null && Workloads.isWatched(container)) {
            note(workload, false);
            schedule(workload);
          }
        }
      }
    } catch (InterruptedException e) {
      // Closed.
    } catch (RuntimeException e) {
      log.warn("exits are no longer told, the interval goes on: {}", e.toString());
    }
  }

  private @Nullable Container findQuietly(Workload workload) {
    try {
      return workloads.find(workload);
    } catch (RuntimeException e) {
      log.warn("container {}: {}", workload, e.toString());
      return null;
    }
  }

  private void run() {
    try {
      while (true) {
        Set<Workload> ready = new HashSet<>();
        if (!awaitWork(ready)) {
          return;
        }
        if (ready.isEmpty()) {
          sweep();
        }
        for (Workload workload : ready) {
          begin(workload, false);
        }
      }
    } catch (InterruptedException e) {
      // Closed.
    }
  }

  /**
   * Waits until containers are due, or all of them are.
   *
   * @param ready gets those that are; empty for all
   * @return false if closed
   */
  private boolean awaitWork(Set<Workload> ready) throws InterruptedException {
    lock.lock();
    try {
      while (!closed) {
        long now = System.nanoTime();
        due.forEach((workload, time) -> {
          if (time - now <= 0 && !busy.contains(workload)) {
            ready.add(workload);
          }
        });
        due.keySet().removeAll(ready);
        if (!ready.isEmpty()) {
          return true;
        }
        if (nextSweep - now <= 0) {
          nextSweep = now + config.interval().toNanos();
          return true;
        }
        long wake = nextSweep;
        for (Map.Entry<Workload, Long> entry : due.entrySet()) {
          if (!busy.contains(entry.getKey()) && entry.getValue() - wake < 0) {
            wake = entry.getValue();
          }
        }
        changed.awaitNanos(wake - now);
      }
      return false;
    } finally {
      lock.unlock();
    }
  }

  /** Looks at all containers; each is dealt with on a thread of its own. */
  private void sweep() throws InterruptedException {
    Map<Workload, Container> all;
    try {
      all = workloads.watched();
    } catch (RuntimeException e) {
      log.warn("containers cannot be listed: {}", e.toString());
      return;
    }
    lock.lock();
    boolean first = firstSweep;
    try {
      firstSweep = false;
      unsettled.retainAll(all.keySet());
      due.keySet().retainAll(all.keySet());
      backoff.retain(all.keySet());
    } finally {
      lock.unlock();
    }
    for (Workload workload : all.keySet()) {
      if (first) {
        // No client was at work on it when the daemon was not there.
        note(workload, true);
      }
      begin(workload, true);
    }
  }

  private void begin(Workload workload, boolean inSweep) throws InterruptedException {
    lock.lock();
    try {
      if (closed || !busy.add(workload)) {
        return;
      }
    } finally {
      lock.unlock();
    }
    places.acquire();
    Thread.ofVirtual()
        .name("restart " + workload)
        .start(() -> {
          try {
            look(workload, inSweep);
          } catch (RuntimeException e) {
            log.warn("container {}: {}", workload, e.toString());
          } finally {
            places.release();
            done(workload);
          }
        });
  }

  private void done(Workload workload) {
    lock.lock();
    try {
      busy.remove(workload);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void look(Workload workload, boolean inSweep) {
    Container container = workloads.find(workload);
    if (container == null) {
      return;
    }
    ProcessStatus found = workloads.status(workload);
    Decision decision;
    try {
      decision = RestartPolicy.decide(container.labels(), found);
    } catch (InvalidArgumentException e) {
      log.warn("container {}: {}", workload, e.getMessage());
      return;
    }
    boolean settled = found instanceof ProcessStatus.Stopped;
    switch (decision) {
      case NOTHING -> {
        note(workload, false);
        if (found instanceof ProcessStatus.Running) {
          started(workload, false);
          if (container.labels().containsKey(RestartLabels.PENDING)) {
            workloads.settle(workload);
          }
        }
      }
      case STOP -> {
        workloads.stop(workload);
        log.info("container {}: stopped, as its label wants", workload);
        count(new Status(0, 0, 1));
      }
      case START -> {
        if (!settled && !seenBefore(workload, inSweep)) {
          return;
        }
        if (schedule(workload) - System.nanoTime() <= 0) {
          restart(workload, container);
        }
      }
    }
  }

  private void restart(Workload workload, Container container) {
    unschedule(workload);
    boolean well = false;
    try {
      workloads.restart(workload, container);
      well = true;
      log.info("container {}: restarted", workload);
    } catch (RuntimeException e) {
      log.warn("container {}: not restarted: {}", workload, e.toString());
    } finally {
      note(workload, !well);
      started(workload, true);
      count(new Status(well ? 1 : 0, well ? 0 : 1, 0));
    }
    if (!well) {
      schedule(workload);
    }
  }

  /** Whether an earlier look at all containers saw it without a task that has run. */
  private boolean seenBefore(Workload workload, boolean inSweep) {
    lock.lock();
    try {
      return inSweep ? !unsettled.add(workload) : unsettled.contains(workload);
    } finally {
      lock.unlock();
    }
  }

  private void note(Workload workload, boolean withoutTask) {
    lock.lock();
    try {
      if (withoutTask) {
        unsettled.add(workload);
      } else {
        unsettled.remove(workload);
      }
    } finally {
      lock.unlock();
    }
  }

  private void started(Workload workload, boolean here) {
    lock.lock();
    try {
      if (here) {
        backoff.started(workload, System.nanoTime());
      } else {
        backoff.runs(workload);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Looks again when the container may be started; returns that time. */
  private long schedule(Workload workload) {
    lock.lock();
    try {
      long time = backoff.ended(workload, config, System.nanoTime());
      due.put(workload, time);
      changed.signalAll();
      return time;
    } finally {
      lock.unlock();
    }
  }

  private void unschedule(Workload workload) {
    lock.lock();
    try {
      due.remove(workload);
    } finally {
      lock.unlock();
    }
  }

  private void count(Status more) {
    lock.lock();
    try {
      status =
          new Status(
              status.restarts() + more.restarts(),
              status.failures() + more.failures(),
              status.stops() + more.stops());
    } finally {
      lock.unlock();
    }
  }

  private void sweepNow() {
    lock.lock();
    try {
      nextSweep = System.nanoTime();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }
}
