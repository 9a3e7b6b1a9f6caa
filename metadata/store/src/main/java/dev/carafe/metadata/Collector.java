package dev.carafe.metadata;

import dev.carafe.engine.observe.Observations;
import dev.carafe.engine.stores.GarbageCollector;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.UnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Mark and sweep over all namespaces, then over the back ends, each on a thread of its own. Runs on
 * the thread of the first caller; those who come while it runs wait, and one of them runs the next.
 */
final class Collector implements GarbageCollector, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Collector.class);

  private final Ledger ledger;
  private final KeyLocks writers;
  private final Trust trust;
  private final SnapshotContexts snapshotters;
  private final BackendSweep blobs;
  private final Freeing freeing;
  private final SweepRuns runs;
  private final List<Runnable> mountListeners = new CopyOnWriteArrayList<>();
  private final List<Consumer<Report>> collectionListeners = new CopyOnWriteArrayList<>();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition ended = lock.newCondition();
  private boolean running;
  private long begun;
  private long completed;
  private Report last = new Report(Map.of(), Duration.ZERO, Duration.ZERO);

  Collector(
      Ledger ledger,
      KeyLocks writers,
      Trust trust,
      SnapshotContexts snapshotters,
      BackendSweep blobs,
      Duration patience) {
    this.ledger = ledger;
    this.writers = writers;
    this.trust = trust;
    this.snapshotters = snapshotters;
    this.blobs = blobs;
    this.freeing = new Freeing();
    this.runs = new SweepRuns(patience, this::sweepBackend);
  }

  private Report observed() throws InterruptedException {
    try {
      return Observations.ofCallable("gc", "", this::run);
    } catch (InterruptedException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public Report collect() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long wanted = begun + 1;
      while (running) {
        ended.await();
        if (completed >= wanted) {
          return last;
        }
      }
      running = true;
      begun++;
    } finally {
      lock.unlock();
    }
    Report report = null;
    try {
      report = observed();
      Report done = report;
      collectionListeners.forEach(listener -> listener.accept(done));
      return done;
    } finally {
      end(report);
    }
  }

  @Override
  public void onMutation(MutationListener listener) {
    ledger.onMutation(listener);
  }

  @Override
  public void onMountsRemoved(Runnable listener) {
    mountListeners.add(listener);
  }

  @Override
  public void onCollected(Consumer<Report> listener) {
    collectionListeners.add(listener);
  }

  /**
   * Finishes or forgets commits that nobody works on any more. A snapshotter that does not answer
   * is asked once.
   */
  void resolveCommits() {
    Set<String> silent = new HashSet<>();
    List<CommitIntent> intents =
        Pages.all(ledger, tx -> tx.bucket(Schema.FACTS, Schema.INTENTS), Formats.INTENT);
    for (CommitIntent intent : intents) {
      SnapshotContext context = snapshotters.get(intent.snapshotter());
      if (context == null || silent.contains(intent.snapshotter())) {
        continue;
      }
      try {
        new SnapshotCommitter(context).resolve(intent);
      } catch (DaemonException e) {
        if (e instanceof UnavailableException || e instanceof DeadlineExceededException) {
          silent.add(intent.snapshotter());
        }
        log.warn("the commit of snapshot \"{}\" stays open: {}", intent.name(), e.getMessage());
      }
    }
  }

  /** Removes what no namespace knows from one snapshotter. */
  void sweepBackend(String snapshotter) {
    trust.advance();
    sweeps().stream().filter(sweep -> sweep.name().equals(snapshotter)).forEach(BackendSweep::run);
  }

  /** Ends the freeing of space, and what back ends are still asked for. */
  @Override
  public void close() {
    runs.close();
    freeing.close();
  }

  private void end(@Nullable Report report) {
    lock.lock();
    try {
      running = false;
      if (report != null) {
        completed = begun;
        last = report;
      }
      ended.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private Report run() throws InterruptedException {
    long start = System.nanoTime();
    resolveCommits();
    Queue<Node> touched = ledger.beginRecording();
    Sweep sweep;
    try {
      Mark.Result mark = ledger.view(tx -> Mark.run(tx, ledger.now()));
      sweep = new Sweep(ledger, writers, touched, mark);
      sweep.run();
    } finally {
      ledger.endRecording();
    }
    if (sweep.removed().containsKey("mounts")) {
      mountListeners.forEach(Runnable::run);
    }
    Duration duration = Duration.ofNanos(System.nanoTime() - start);
    sweepBackends();
    Report report = new Report(sweep.removed(), duration, Duration.ofNanos(sweep.pauseNanos()));
    if (!report.removed().isEmpty()) {
      log.debug("collected {} in {} ms", report.removed(), duration.toMillis());
    }
    return report;
  }

  private List<BackendSweep> sweeps() {
    List<BackendSweep> sweeps = new ArrayList<>(List.of(blobs));
    sweeps.addAll(snapshotters.sweeps());
    return sweeps;
  }

  private void sweepBackends() throws InterruptedException {
    trust.advance();
    runs.run(sweeps());
  }

  private void sweepBackend(BackendSweep sweep) {
    try {
      int removed = sweep.run();
      if (sweep instanceof SnapshotSweep snapshots && snapshots.toBeFreed(removed)) {
        freeing.start(snapshots);
      }
    } catch (DaemonException e) {
      log.warn("a back end is swept another time: {}", e.getMessage());
    }
  }
}
