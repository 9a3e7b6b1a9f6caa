package dev.carafe.linux;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A program that a stream flows through: this is its standard output, which ends well only if the
 * program exited with 0 after it; else the last read fails and says how it ended, with the
 * beginning of its standard error. The program leads a session of its own; {@link #close} kills
 * everything of its process group. Nobody who waits for it occupies a platform thread.
 */
public final class StreamProgram extends InputStream {
  private static final int PIECE = 64 * 1024;
  private static final int ERRORS = 8 * 1024;
  private static final Duration GRACE = Duration.ofSeconds(5);
  private static final int PAYLOAD_NUMBER = 3;

  private final EventLoop loop;
  private final Spawned child;
  private final Fd stdout;
  private final CompletableFuture<ExitStatus> exit;
  private final CompletableFuture<String> errors = new CompletableFuture<>();
  private final CompletableFuture<@Nullable Throwable> fed = new CompletableFuture<>();
  private final String name;
  private @Nullable Thread feeder;
  private boolean ended;
  private boolean closed;

  /**
   * What to run.
   *
   * @param program a path
   * @param environment all of it, each as {@code NAME=value}
   * @param payload what it can read from descriptor 3; if empty it has no such descriptor
   */
  public record Command(
      String program, List<String> arguments, List<String> environment, byte[] payload) {
    public Command {
      arguments = List.copyOf(arguments);
      environment = List.copyOf(environment);
    }
  }

  private StreamProgram(EventLoop loop, String name, Spawned child, Fd stdout) {
    this.loop = loop;
    this.name = name;
    this.child = child;
    this.stdout = stdout;
    this.exit = loop.exit(child.pidfd());
  }

  /**
   * Starts a program.
   *
   * @param input its standard input; not closed
   * @param threads runs what reads {@code input}, which may wait long: a virtual thread for each
   * @throws ErrnoException if it cannot be executed
   */
  public static StreamProgram start(
      EventLoop loop, Command command, InputStream input, Executor threads) {
    Descriptors.Pair stdin = Descriptors.pipe2(0);
    Descriptors.Pair stdout = null;
    Descriptors.Pair stderr = null;
    Fd payload = null;
    StreamProgram started = null;
    try {
      stdout = Descriptors.pipe2(0);
      stderr = Descriptors.pipe2(0);
      Spawn spawn =
          Spawn.of(command.program())
              .arguments(command.arguments())
              .environment(command.environment())
              .descriptor(0, stdin.first())
              .descriptor(1, stdout.second())
              .descriptor(2, stderr.second())
              .newSession();
      if (command.payload().length > 0) {
        payload = Descriptors.memfdCreate("payload", 0);
        FileIo.pwriteFully(payload, ByteBuffer.wrap(command.payload()), 0);
        spawn.descriptor(PAYLOAD_NUMBER, payload);
      }
      for (Fd ours : List.of(stdin.second(), stdout.first(), stderr.first())) {
        FileCalls.setNonBlocking(ours, true);
      }
      started = new StreamProgram(loop, command.program(), spawn.start(), stdout.first());
      started.feed(input, stdin.second(), threads);
      started.keepErrors(stderr.first());
      return started;
    } finally {
      stdin.first().close();
      if (payload != null) {
        payload.close();
      }
      if (stdout != null) {
        stdout.second().close();
      }
      if (stderr != null) {
        stderr.second().close();
      }
      if (started == null) {
        stdin.second().close();
        if (stdout != null) {
          stdout.first().close();
        }
        if (stderr != null) {
          stderr.first().close();
        }
      }
    }
  }

  private void feed(InputStream input, Fd stdin, Executor threads) {
    threads.execute(() -> {
      try (stdin) {
        // Whoever closes interrupts the thread that is known by then: a later one never begins.
        boolean begin;
        synchronized (this) {
          begin = !closed;
          feeder = Thread.currentThread();
        }
        fed.complete(begin ? feed(input, stdin) : new InterruptedException());
      }
    });
  }

  /** Returns what went wrong with the input, or null. */
  private @Nullable Throwable feed(InputStream input, Fd stdin) {
    try {
      pump(input, stdin);
      return null;
    } catch (InterruptedException e) {
      return e;
    } catch (ErrnoException e) {
      // The program wants no more: how it ends tells whether that is right.
      return e.is(Errno.EPIPE) ? null : e;
    } catch (IOException | RuntimeException e) {
      // What is missing at the end must not look like an end to the program.
      fed.complete(e);
      kill();
      return e;
    }
  }

  private void pump(InputStream input, Fd stdin) throws IOException, InterruptedException {
    byte[] piece = new byte[PIECE];
    for (int length = input.read(piece); length >= 0; length = input.read(piece)) {
      int written = 0;
      while (written < length) {
        if (closedOrInterrupted()) {
          throw new InterruptedException();
        }
        try {
          written += FileIo.write(stdin, piece, written, length - written);
        } catch (ErrnoException e) {
          if (!e.is(Errno.EAGAIN)) {
            throw e;
          }
          awaitReady(stdin, EventLoop.WRITABLE);
        }
      }
    }
  }

  private synchronized boolean closedOrInterrupted() {
    return closed || Thread.currentThread().isInterrupted();
  }

  private void awaitReady(Fd fd, int events) throws InterruptedException {
    CompletableFuture<Integer> ready = loop.ready(fd, events);
    try {
      ready.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } finally {
      ready.cancel(false);
    }
  }

  /** Reads standard error to its end and keeps the beginning. */
  private void keepErrors(Fd stderr) {
    StringBuilder kept = new StringBuilder();
    byte[] piece = new byte[ERRORS];
    loop.watch(
        stderr,
        EventLoop.READABLE,
        (self, _) -> {
          int length;
          try {
            length = FileIo.read(stderr, piece, 0, piece.length);
          } catch (ErrnoException e) {
            if (e.is(Errno.EAGAIN)) {
              return;
            }
            length = 0;
          }
          if (length > 0) {
            kept.append(
                new String(
                    piece, 0, Math.min(length, ERRORS - kept.length()), StandardCharsets.UTF_8));
            return;
          }
          self.close();
          stderr.close();
          errors.complete(kept.toString().strip());
        });
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    try {
      while (!ended) {
        try {
          int read = FileIo.read(stdout, into, offset, length);
          if (read > 0) {
            return read;
          }
          checkEnd();
          ended = true;
        } catch (ErrnoException e) {
          if (!e.is(Errno.EAGAIN)) {
            throw new IOException(name + ": " + e.getMessage(), e);
          }
          awaitReady(stdout, EventLoop.READABLE);
        }
      }
      return -1;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException(name + ": interrupted");
    } catch (CancellationException e) {
      throw new IOException(name + ": closed", e);
    }
  }

  private void checkEnd() throws IOException, InterruptedException {
    ExitStatus status;
    try {
      status = exit.get(GRACE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new IOException(name + ": has closed its output and does not end", e);
    } catch (ExecutionException e) {
      throw new IOException(name + ": " + e.getCause(), e);
    }
    Throwable failure = fed.getNow(null);
    if (failure != null && !(failure instanceof InterruptedException)) {
      throw failure instanceof IOException io ? io : new IOException(failure);
    }
    if (status.code() != 0 || status.signal() != 0) {
      String how =
          status.signal() == 0
              ? "exit code " + status.code()
              : "killed by signal " + status.signal();
      throw new IOException(name + ": " + how + said());
    }
  }

  private String said() throws InterruptedException {
    try {
      String text = errors.get(GRACE.toMillis(), TimeUnit.MILLISECONDS);
      return text.isEmpty() ? "" : ": " + text;
    } catch (TimeoutException | ExecutionException e) {
      return "";
    }
  }

  /** The leader keeps its number until it is reaped, after which there is nothing to kill. */
  private void kill() {
    try {
      if (!exit.isDone()) {
        ProcessCalls.kill(-child.pid(), Signals.SIGKILL);
      }
    } catch (ErrnoException e) {
      if (!e.is(Errno.ESRCH)) {
        throw e;
      }
    }
  }

  /**
   * Kills the program if it has not ended, and waits until its input is read no more.
   *
   * @throws IOException if a read of the input does not end when interrupted
   */
  @Override
  public void close() throws IOException {
    Thread reading;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      reading = feeder;
    }
    kill();
    if (reading != null && !fed.isDone()) {
      reading.interrupt();
    }
    boolean interrupted = Thread.interrupted();
    try {
      while (!fed.isDone()) {
        try {
          fed.get(GRACE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (TimeoutException e) {
          throw new IOException(name + ": its input does not let go of its reader", e);
        } catch (ExecutionException e) {
          throw new IOException(e);
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      stdout.close();
      exit.whenComplete((_, _) -> child.close());
    }
  }
}
