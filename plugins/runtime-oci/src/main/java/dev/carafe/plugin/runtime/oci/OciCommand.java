package dev.carafe.plugin.runtime.oci;

import dev.carafe.linux.Descriptors;
import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.EventLoop;
import dev.carafe.linux.ExitStatus;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileIo;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.Spawn;
import dev.carafe.linux.Spawned;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.UnknownException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Runs the OCI runtime as a child, for what ends by itself. */
final class OciCommand {
  private static final int MOST_OUTPUT = 1 << 20;
  private static final Duration CLEAN_UP = Duration.ofSeconds(10);

  private final EventLoop loop;

  OciCommand(EventLoop loop) {
    this.loop = loop;
  }

  /**
   * Runs {@code BINARY --root ... VERB ARGUMENTS}.
   *
   * @param log emptied before; what it says afterwards is the failure
   * @throws UnknownException with the OCI runtime's words
   * @throws DeadlineExceededException if it took too long; it has been killed with its children
   */
  void run(
      RuntimeSettings settings,
      Path bundle,
      Path log,
      Duration limit,
      String verb,
      List<String> rest)
      throws InterruptedException {
    try {
      Files.deleteIfExists(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    var arguments = new ArrayList<>(settings.globalArguments(log));
    arguments.add(verb);
    arguments.addAll(rest);
    Result result = run(settings.binary(), bundle, limit, verb, arguments);
    if (result.status().shellCode() != 0) {
      String reason = RuntimeLog.lastError(log);
      if (reason.isEmpty()) {
        reason = RuntimeLog.bounded(result.output());
      }
      throw OciFailure.of(
          verb, reason.isEmpty() ? "exit status " + result.status().shellCode() : reason);
    }
  }

  /** How it ended, and what it printed on both outputs, up to a bound. */
  record Result(ExitStatus status, String output) {}

  /** Runs a program. */
  Result run(String binary, Path bundle, Duration limit, String what, List<String> arguments)
      throws InterruptedException {
    Descriptors.Pair pipe = Descriptors.pipe2(OpenFlags.NONBLOCK);
    try (var output = new Output(pipe.first());
        Fd input = pipe.second()) {
      Spawned child =
          Spawn.of(binary)
              .arguments(arguments)
              .environment(List.of("PATH=" + Binaries.PATH, Helpers.tag(bundle)))
              .descriptor(1, input)
              .descriptor(2, input)
              .newSession()
              .start();
      input.close();
      try (child) {
        ExitStatus status = awaitExit(child, limit, binary + " " + what);
        return new Result(status, output.text());
      }
    }
  }

  private ExitStatus awaitExit(Spawned child, Duration limit, String what)
      throws InterruptedException {
    var exit = loop.exit(child.pidfd());
    boolean done = false;
    try {
      ExitStatus status = exit.get(limit.toNanos(), TimeUnit.NANOSECONDS);
      done = true;
      return status;
    } catch (TimeoutException e) {
      throw new DeadlineExceededException(
          what + ": not done within " + limit.toSeconds() + " s", e);
    } catch (ExecutionException e) {
      throw new CompletionException(e.getCause());
    } finally {
      if (!done) {
        kill(child, exit);
      }
    }
  }

  private static void kill(Spawned child, CompletableFuture<ExitStatus> exit) {
    boolean interrupted = Thread.interrupted();
    try {
      ProcessTree.kill(new Pid(child.pid(), child.startTime()), CLEAN_UP);
      exit.get(CLEAN_UP.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      interrupted = true;
    } catch (ExecutionException | TimeoutException _) {
      // It does not die, or somebody else reaped it: the failure that led here is thrown.
      exit.cancel(false);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Collects what a program prints while it runs, so that it never has to wait. */
  private final class Output implements AutoCloseable {
    private final Fd pipe;
    private final ByteArrayOutputStream collected = new ByteArrayOutputStream();
    private final EventLoop.Registration registration;
    private boolean closed;

    Output(Fd pipe) {
      this.pipe = pipe;
      this.registration =
          loop.watch(
              pipe,
              EventLoop.READABLE,
              (self, _) -> {
                if (!drain()) {
                  self.close();
                }
              });
    }

    /** Keeps what fits; returns whether more may come. */
    private synchronized boolean drain() {
      var block = new byte[16 * 1024];
      while (!closed) {
        try {
          int count = FileIo.read(pipe, block, 0, block.length);
          if (count == 0) {
            return false;
          }
          collected.write(block, 0, Math.min(count, MOST_OUTPUT - collected.size()));
        } catch (ErrnoException e) {
          return e.is(Errno.EAGAIN);
        }
      }
      return false;
    }

    synchronized String text() {
      drain();
      return collected.toString(StandardCharsets.UTF_8);
    }

    @Override
    public synchronized void close() {
      closed = true;
      registration.close();
      pipe.close();
    }
  }
}
