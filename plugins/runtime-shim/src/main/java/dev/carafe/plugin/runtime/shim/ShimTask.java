package dev.carafe.plugin.runtime.shim;

import com.google.protobuf.Timestamp;
import dev.carafe.api.task.v3.WaitResponse;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A task and the connection to its shim.
 *
 * <p>Where the connection ends, the shim is connected to again. If nobody listens any more, or what
 * listens cannot be spoken with, the shim counts as dead: its own {@code delete} cleans up, and all
 * processes of the task have ended, as containerd has it, with what that says (137). A shim that is
 * silent is not dead: calls run into their time, statuses are unknown, and it goes on once it wakes
 * up.
 */
final class ShimTask implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ShimTask.class);
  private static final int ATTEMPTS = 3;
  private static final Duration SHORT_LIVED = Duration.ofSeconds(5);

  private final ShimRuntimeConfig config;
  private final ShimCleaner cleaner;
  private final @Nullable ShimLog log;
  private final @Nullable CriLog output;
  private final Map<String, CompletableFuture<ExitStatus>> exits = new ConcurrentHashMap<>();
  private final Map<String, Size> sizes = new ConcurrentHashMap<>();
  private final CompletableFuture<ExitStatus> death = new CompletableFuture<>();
  private volatile CompletableFuture<Link> link = new CompletableFuture<>();
  private volatile ShimState state;
  private volatile boolean dying;
  private volatile boolean ending;
  private volatile boolean closed;

  /** A connection, since when, and how many short-lived ones came before it. */
  private record Link(ShimConnection connection, TaskClient client, long since, int attempt) {}

  /** Of a terminal, in characters. */
  record Size(int width, int height) {}

  /** What is done with a shim. */
  interface Call<T extends @Nullable Object> {
    T run(TaskClient client) throws InterruptedException;
  }

  ShimTask(
      ShimRuntimeConfig config,
      ShimCleaner cleaner,
      ShimState state,
      @Nullable ShimLog log,
      @Nullable CriLog output) {
    this.config = config;
    this.cleaner = cleaner;
    this.state = state;
    this.log = log;
    this.output = output;
  }

  ShimState state() {
    return state;
  }

  /** Its output in the log format of CRI, if it is that. */
  @Nullable CriLog output() {
    return output;
  }

  ShimState update(ShimState next) {
    state = next;
    return next;
  }

  /** Begins with a connection that is open. */
  void attach(ShimConnection connection) {
    attach(connection, 0);
  }

  private void attach(ShimConnection connection, int attempt) {
    var client = new TaskClient(connection, state.bootstrap().version(), state.id(), config);
    var next = new Link(connection, client, System.nanoTime(), attempt);
    link.complete(next);
    connection.closed().thenRun(() -> background("reconnect", () -> lost(next)));
    if (closed) {
      connection.close();
    }
  }

  /** Begins without a connection: the shim of an earlier daemon is looked for. */
  void connect() {
    background("connect", () -> connect(0));
  }

  private interface Step {
    void run() throws InterruptedException;
  }

  private void background(String what, Step step) {
    if (closed) {
      return;
    }
    Thread.ofVirtual()
        .name("shim " + what + " " + state.location())
        .start(() -> {
          try {
            step.run();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          } catch (RuntimeException e) {
            LOG.error("task {}: {}: {}", state.location(), what, e.toString());
            death.completeExceptionally(e);
          }
        });
  }

  private void lost(Link former) throws InterruptedException {
    if (closed || dying || ending) {
      return;
    }
    link = new CompletableFuture<>();
    boolean lasted = System.nanoTime() - former.since() > SHORT_LIVED.toNanos();
    connect(lasted ? 0 : former.attempt() + 1);
  }

  private void connect(int firstAttempt) throws InterruptedException {
    for (int attempt = firstAttempt; attempt < ATTEMPTS && !closed; attempt++) {
      try {
        attach(
            ShimConnection.open(state.bootstrap(), state.namespace(), config.loadTimeout()),
            attempt);
        return;
      } catch (ShimGoneException e) {
        die("its shim is gone: " + e.getMessage());
        return;
      } catch (RuntimeException e) {
        LOG.warn("task {}: {}", state.location(), e.getMessage());
      }
    }
    if (!closed) {
      die("its shim cannot be spoken with");
    }
  }

  /** The shim is gone, or does not know the task. */
  private void die(String why) {
    synchronized (this) {
      if (dying || closed) {
        return;
      }
      dying = true;
    }
    LOG.warn("task {}: {}", state.location(), why);
    link.completeExceptionally(new ShimGoneException(why, null));
    ExitStatus exit = cleaner.afterDeath(state);
    death.complete(exit);
    // A link that is still there belongs to a shim that does not know the task.
    closeLink();
  }

  /** The shim is about to be ended: that it goes is no death. */
  void expectEnd() {
    ending = true;
  }

  /** How all ended if the shim is dead and cleaned up after. */
  @Nullable ExitStatus dead() {
    return death.isCompletedExceptionally() ? null : death.getNow(null);
  }

  /**
   * Calls the shim.
   *
   * @throws ShimGoneException if it is dead
   * @throws UnavailableException if it is being connected to
   */
  <T extends @Nullable Object> T call(Call<T> call) throws InterruptedException {
    return call.run(link(config.stateTimeout().dividedBy(2)).client());
  }

  private Link link(Duration patience) throws InterruptedException {
    if (dying) {
      throw new ShimGoneException("task " + state.location() + ": its shim is gone", null);
    }
    try {
      return link.get(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new UnavailableException(
          "task " + state.location() + ": its shim is being connected to", e);
    } catch (ExecutionException | CancellationException e) {
      throw new ShimGoneException("task " + state.location() + ": its shim is gone", e);
    }
  }

  /** Waits for the end of a process that is known. */
  ExitStatus await(ProcessId process) throws InterruptedException {
    try {
      return exit(process.execId()).get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException failure
          ? failure
          : new UnavailableException("task " + state.location() + ": " + e.getCause(), e);
    }
  }

  /** Begins to wait for a process, once. */
  private CompletableFuture<ExitStatus> exit(String execId) {
    CompletableFuture<ExitStatus> mine = new CompletableFuture<>();
    CompletableFuture<ExitStatus> first = exits.putIfAbsent(execId, mine);
    if (first != null) {
      return first;
    }
    Thread.ofVirtual()
        .name("shim wait " + state.location() + " " + execId)
        .start(() -> {
          try {
            mine.complete(waitFor(execId));
          } catch (InterruptedException | RuntimeException e) {
            mine.completeExceptionally(e);
          }
        });
    return mine;
  }

  private ExitStatus waitFor(String execId) throws InterruptedException {
    while (true) {
      CompletableFuture<Link> current = link;
      try {
        return exit(current.get().client().await(execId));
      } catch (ShimGoneException | ExecutionException e) {
        if (closed) {
          throw new UnavailableException("task " + state.location() + ": no longer watched", e);
        }
        if (dying) {
          return awaitDeath();
        }
        awaitNext(current);
      } catch (NotFoundException e) {
        if (!execId.isEmpty()) {
          throw e;
        }
        die("its shim does not know it: " + e.getMessage());
        return awaitDeath();
      }
    }
  }

  /** Until the connection that has ended is no longer the current one. */
  private void awaitNext(CompletableFuture<Link> former) throws InterruptedException {
    ShimProcess.until(config.loadTimeout(), () -> link != former || dying || closed);
  }

  private ExitStatus awaitDeath() throws InterruptedException {
    try {
      return death.get();
    } catch (ExecutionException e) {
      throw new UnavailableException("task " + state.location() + ": " + e.getCause(), e);
    }
  }

  /** Takes down a terminal's size that the shim cannot set before the process runs. */
  void remember(String execId, Size size) {
    sizes.put(execId, size);
  }

  /** The size to set now that the process runs. */
  @Nullable Size recall(String execId) {
    return sizes.remove(execId);
  }

  /** Forgets how a process ended, so that its id can be used again. */
  void forget(String execId) {
    exits.remove(execId);
    sizes.remove(execId);
  }

  static ExitStatus exit(WaitResponse response) {
    return new ExitStatus(response.getExitStatus(), instant(response.getExitedAt()), false);
  }

  static Instant instant(Timestamp timestamp) {
    try {
      return Instant.ofEpochSecond(timestamp.getSeconds(), timestamp.getNanos());
    } catch (DateTimeException | ArithmeticException _) {
      return Instant.EPOCH;
    }
  }

  private void closeLink() {
    if (link.isDone() && !link.isCompletedExceptionally()) {
      link.join().connection().close();
    }
  }

  /** Lets go of the shim, which goes on. */
  @Override
  public void close() {
    closed = true;
    closeLink();
    link.completeExceptionally(new ShimGoneException("task is closed", null));
    if (log != null) {
      log.close();
    }
    if (output != null) {
      output.close();
    }
  }
}
