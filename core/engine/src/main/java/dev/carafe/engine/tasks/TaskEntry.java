package dev.carafe.engine.tasks;

import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.TaskRecord;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.TaskLocation;
import dev.carafe.spi.runtimes.TaskRuntime;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A task in memory. Its lock makes the changing calls of one task come one at a time; nothing else
 * waits for it.
 */
final class TaskEntry {
  private static final Duration TURN = Duration.ofSeconds(120);

  final Namespace namespace;
  final TaskRuntime runtime;
  final Map<String, Exit> exits = new ConcurrentHashMap<>();
  final AtomicInteger memoryHints = new AtomicInteger();
  private final ReentrantLock turn = new ReentrantLock();
  private final CountDownLatch ready = new CountDownLatch(1);
  private volatile TaskRecord record;
  private volatile boolean lost;
  private volatile boolean deleted;

  /** The end of a process, once it has come. */
  record Exit(CompletableFuture<ExitStatus> status, CompletableFuture<Void> published) {
    Exit() {
      this(new CompletableFuture<>(), new CompletableFuture<>());
    }
  }

  TaskEntry(Namespace namespace, TaskRuntime runtime, TaskRecord record) {
    this.namespace = namespace;
    this.runtime = runtime;
    this.record = record;
  }

  String id() {
    return record.containerId();
  }

  TaskLocation location() {
    return new TaskLocation(namespace.name(), id(), record.bundle());
  }

  TaskRecord record() {
    return record;
  }

  void record(TaskRecord next) {
    this.record = next;
  }

  RuntimeState state() {
    RuntimeState state = record.state();
    if (state == null) {
      throw new UnavailableException("task " + id() + ": is being created");
    }
    return state;
  }

  /** Lets calls in: created, or recovered, or known to be lost. */
  void open() {
    ready.countDown();
  }

  void lose() {
    lost = true;
    ready.countDown();
  }

  /** Whether its runtime did not take it up after a restart. */
  boolean lost() {
    return lost;
  }

  boolean deleted() {
    return deleted;
  }

  void markDeleted() {
    deleted = true;
  }

  Exit exit(String execId) {
    return exits.computeIfAbsent(execId, ignored -> new Exit());
  }

  @Nullable Exit knownExit(String execId) {
    return exits.get(execId);
  }

  /** Waits until the task can be used. */
  void awaitReady() {
    try {
      if (!ready.await(TURN.toSeconds(), TimeUnit.SECONDS)) {
        throw new UnavailableException("task " + id() + ": still being created or recovered");
      }
    } catch (InterruptedException e) {
      throw Cancelled.because("task " + id(), e);
    }
  }

  /** Waits for this task's turn; the caller runs, then calls {@link #unlock}. */
  void lock() {
    try {
      if (!turn.tryLock(TURN.toSeconds(), TimeUnit.SECONDS)) {
        throw new UnavailableException("task " + id() + ": another call on it has not returned");
      }
    } catch (InterruptedException e) {
      throw Cancelled.because("task " + id(), e);
    }
  }

  void unlock() {
    turn.unlock();
  }
}
