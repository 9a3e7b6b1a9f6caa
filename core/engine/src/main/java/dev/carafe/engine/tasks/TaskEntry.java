package dev.carafe.engine.tasks;

import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.TaskRecord;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.spi.runtimes.TaskLocation;
import dev.carafe.spi.runtimes.TaskRuntime;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A task in memory. Its lock makes the changing calls of one task come one at a time; nothing else
 * waits for it.
 */
final class TaskEntry {
  private static final Logger LOG = LoggerFactory.getLogger(TaskEntry.class);
  private static final ExitStatus UNKNOWN_EXIT =
      new ExitStatus(ExitStatus.UNKNOWN_CODE, Instant.EPOCH, false);
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

  /** One process, as it stands now. */
  TaskView view(String execId) {
    TaskRecord.Process process = record.processes().get(execId);
    Stdio stdio = process == null ? Stdio.NONE : process.stdio();
    return new TaskView(id(), execId, record.bundle(), stdio, status(execId));
  }

  /** Where a process stands; unknown where the runtime does not answer. */
  ProcessStatus status(String execId) {
    Exit exit = knownExit(execId);
    try {
      ProcessStatus status =
          lost ? new ProcessStatus.Unknown(0) : runtime.status(state(), new ProcessId(execId));
      if (status instanceof ProcessStatus.Unknown
          && exit != null
          && exit.status().isDone()
          && !exit.status().isCompletedExceptionally()) {
        return new ProcessStatus.Stopped(status.pid(), exit.status().getNow(UNKNOWN_EXIT));
      }
      return status;
    } catch (RuntimeException e) {
      LOG.warn("task {}: status: {}", location(), e.toString());
      return new ProcessStatus.Unknown(0);
    }
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
