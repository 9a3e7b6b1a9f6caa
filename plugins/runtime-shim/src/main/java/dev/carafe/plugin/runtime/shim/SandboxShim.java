package dev.carafe.plugin.runtime.shim;

import dev.carafe.api.runtime.sandbox.v1.WaitSandboxResponse;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.runtimes.TaskLocation;
import dev.carafe.spi.sandboxes.SandboxExit;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A sandbox and the connection to its shim. A shim that listens no more is dead, and its sandbox
 * has ended with an unknown code; one that is silent is not.
 */
final class SandboxShim implements AutoCloseable {
  private final ShimRuntimeConfig config;
  private final TaskLocation location;
  private final @Nullable ShimLog log;
  private final AtomicReference<@Nullable ShimConnection> connection = new AtomicReference<>();
  private final CompletableFuture<SandboxExit> ended = new CompletableFuture<>();
  private volatile SandboxRecord record;
  private volatile boolean closed;

  /** What is done with a shim. */
  interface Call<T extends @Nullable Object> {
    T run(SandboxClient client) throws InterruptedException;
  }

  SandboxShim(
      ShimRuntimeConfig config,
      TaskLocation location,
      SandboxRecord record,
      @Nullable ShimLog log) {
    this.config = config;
    this.location = location;
    this.record = record;
    this.log = log;
    SandboxRecord.Exit exit = record.exit();
    if (exit != null) {
      ended.complete(exit.value());
    }
  }

  SandboxRecord record() {
    return record;
  }

  TaskLocation location() {
    return location;
  }

  /** Changes the record; on the medium before it is seen. */
  synchronized void update(SandboxRecord next) {
    Bundle bundle = Bundle.of(location);
    bundle.write(bundle.directory().resolve(SandboxRecord.FILE), ShimState.bytes(next));
    record = next;
  }

  @Nullable SandboxExit exit() {
    return ended.getNow(null);
  }

  private SandboxExit end(SandboxExit exit) {
    synchronized (this) {
      if (ended.isDone()) {
        return ended.join();
      }
      if (!closed) {
        update(record.ended(exit));
      }
      ended.complete(exit);
      return exit;
    }
  }

  Bootstrap bootstrap() {
    Bootstrap where = record.bootstrap();
    if (where == null) {
      throw new FailedPreconditionException("sandbox \"" + record.id() + "\": was never made");
    }
    return where;
  }

  /**
   * Calls the shim.
   *
   * @throws ShimGoneException if it is dead; the sandbox has ended then
   */
  <T extends @Nullable Object> T call(Call<T> call) throws InterruptedException {
    try {
      return call.run(new SandboxClient(connected(), record.id(), config));
    } catch (ShimGoneException e) {
      if (!closed) {
        end(new SandboxExit(SandboxExit.UNKNOWN_CODE, Instant.now()));
      }
      throw e;
    }
  }

  /** Without a lock, since a shim may take its time: of two connections one is closed again. */
  private ShimConnection connected() throws InterruptedException {
    ShimConnection known = connection.get();
    if (known != null && !known.closed().isDone()) {
      return known;
    }
    ShimConnection opened =
        ShimConnection.open(bootstrap(), location.namespace(), config.loadTimeout());
    if (known != null || record.isStarted()) {
      ping(opened);
    }
    if (connection.compareAndSet(known, opened)) {
      if (closed) {
        opened.close();
      }
      return opened;
    }
    opened.close();
    ShimConnection other = connection.get();
    return other == null ? opened : other;
  }

  /** What answers at an old address must know the sandbox. */
  private void ping(ShimConnection opened) throws InterruptedException {
    boolean done = false;
    try {
      new SandboxClient(opened, record.id(), config).ping();
      done = true;
    } catch (UnimplementedException _) {
      done = true;
    } catch (dev.carafe.spi.errors.NotFoundException e) {
      throw new ShimGoneException("sandbox \"" + record.id() + "\": " + e.getMessage(), e);
    } finally {
      if (!done) {
        opened.close();
      }
    }
  }

  /** Waits for the end. */
  SandboxExit await() throws InterruptedException {
    while (true) {
      SandboxExit known = exit();
      if (known != null) {
        return known;
      }
      try {
        WaitSandboxResponse answer = call(SandboxClient::await);
        return end(
            new SandboxExit(
                answer.getExitStatus(),
                answer.hasExitedAt() ? ShimTask.instant(answer.getExitedAt()) : Instant.now()));
      } catch (ShimGoneException e) {
        if (closed) {
          throw new FailedPreconditionException(
              "sandbox \"" + record.id() + "\": is gone: " + e.getMessage(), e);
        }
      }
    }
  }

  /** How it ended, once it has; the shim's word, if it gives it in time. */
  SandboxExit afterStop() throws InterruptedException {
    try {
      WaitSandboxResponse answer = call(SandboxClient::awaitStopped);
      return end(
          new SandboxExit(
              answer.getExitStatus(),
              answer.hasExitedAt() ? ShimTask.instant(answer.getExitedAt()) : Instant.now()));
    } catch (ShimGoneException _) {
      return end(new SandboxExit(SandboxExit.UNKNOWN_CODE, Instant.now()));
    } catch (DaemonException _) {
      return end(new SandboxExit(0, Instant.now()));
    }
  }

  /** Lets go of the shim. */
  @Override
  public void close() {
    closed = true;
    ShimConnection open = connection.getAndSet(null);
    if (open != null) {
      open.close();
    }
    if (log != null) {
      log.close();
    }
  }
}
