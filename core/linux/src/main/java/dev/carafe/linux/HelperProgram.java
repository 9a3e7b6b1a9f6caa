package dev.carafe.linux;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Runs small programs that answer a question: some input, some output, an exit code, and a time
 * limit. A program leads a session of its own; when its time is up or it has ended, everything of
 * its process group is killed. Output beyond the limit is read and thrown away, so that a program
 * that talks too much ends all the same.
 */
public final class HelperProgram implements AutoCloseable {
  /** What fits into a pipe, so that nobody needs to feed it. */
  public static final int INPUT_LIMIT = 32 * 1024;

  private static final Duration GRACE = Duration.ofSeconds(1);
  private static final int WATCHED = 1024;

  private @Nullable EventLoop loop;
  private boolean closed;

  /**
   * How it went.
   *
   * @param exit of the program itself
   * @param output at most the limit of its standard output
   * @param errors at most the limit of its standard error
   */
  public record Result(ExitStatus exit, byte[] output, byte[] errors) {
    public boolean succeeded() {
      return exit.code() == 0 && exit.signal() == 0;
    }

    /** Standard output as text, whatever bytes it has. */
    public String text() {
      return new String(output, StandardCharsets.UTF_8);
    }

    public String errorText() {
      return new String(errors, StandardCharsets.UTF_8);
    }
  }

  /** The daemon's own environment without what is only meant for the daemon. */
  public static List<String> environment() {
    List<String> variables = new ArrayList<>();
    for (Map.Entry<String, String> variable : System.getenv().entrySet()) {
      if (!variable.getKey().equals("NOTIFY_SOCKET")
          && !variable.getKey().startsWith("WATCHDOG_")
          && !variable.getKey().startsWith("LISTEN_")) {
        variables.add(variable.getKey() + "=" + variable.getValue());
      }
    }
    return variables;
  }

  /**
   * Runs a program to its end.
   *
   * @param input all of its standard input, at most {@link #INPUT_LIMIT} bytes
   * @param outputLimit of standard output and standard error, each, in bytes
   * @throws TimeoutException if it has not ended in time; it is dead then
   * @throws InterruptedException if the caller was interrupted; it is dead then
   * @throws ErrnoException if it cannot be executed
   */
  public Result run(
      Path program, List<String> arguments, byte[] input, Duration atMost, int outputLimit)
      throws TimeoutException, InterruptedException {
    if (input.length > INPUT_LIMIT) {
      throw new IllegalArgumentException("input is larger than " + INPUT_LIMIT + " bytes");
    }
    return run(program, arguments, environment(), input, atMost, outputLimit);
  }

  /**
   * As {@link #run(Path, List, byte[], Duration, int)}, with an environment of its own and input of
   * any size: more than {@link #INPUT_LIMIT} bytes come from a file in memory instead of a pipe.
   *
   * @param environment all of it, each as {@code NAME=value}
   */
  public Result run(
      Path program,
      List<String> arguments,
      List<String> environment,
      byte[] input,
      Duration atMost,
      int outputLimit)
      throws TimeoutException, InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    EventLoop events = loop();
    try (Fd stdin = input.length > INPUT_LIMIT ? memory(input) : pipe(input);
        Descriptors.Pair stdout = Descriptors.pipe2(0);
        Descriptors.Pair stderr = Descriptors.pipe2(0)) {
      Spawned child =
          Spawn.of(program.toString())
              .arguments(arguments)
              .environment(environment)
              .descriptor(0, stdin)
              .descriptor(1, stdout.second())
              .descriptor(2, stderr.second())
              .newSession()
              .start();
      stdin.close();
      stdout.second().close();
      stderr.second().close();
      return await(events, child, stdout.first(), stderr.first(), outputLimit, deadline);
    }
  }

  private static Fd pipe(byte[] input) {
    Descriptors.Pair pipe = Descriptors.pipe2(0);
    try (Fd end = pipe.second()) {
      FileIo.writeFully(end, input);
      return pipe.first();
    } catch (RuntimeException | Error e) {
      pipe.first().close();
      throw e;
    }
  }

  private static Fd memory(byte[] input) {
    Fd file = Descriptors.memfdCreate("input", 0);
    try {
      FileIo.pwriteFully(file, ByteBuffer.wrap(input), 0);
      return file;
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private static Result await(
      EventLoop events, Spawned child, Fd stdout, Fd stderr, int limit, long deadline)
      throws TimeoutException, InterruptedException {
    try (Drain output = new Drain(events, stdout, limit);
        Drain errors = new Drain(events, stderr, limit)) {
      boolean ended = false;
      ExitStatus exit;
      try {
        ended = ended(events, child, deadline);
      } finally {
        exit = end(events, child);
      }
      if (!ended || exit == null) {
        throw new TimeoutException();
      }
      long grace = System.nanoTime() + GRACE.toNanos();
      output.awaitEnd(grace);
      errors.awaitEnd(grace);
      return new Result(exit, output.bytes(), errors.bytes());
    }
  }

  private static boolean ended(EventLoop events, Spawned child, long deadline)
      throws InterruptedException {
    CompletableFuture<Integer> ended = events.ended(child.pidfd());
    try {
      within(ended, deadline);
      return true;
    } catch (TimeoutException e) {
      return false;
    } finally {
      ended.cancel(false);
    }
  }

  /**
   * Kills what is left of the group while the leader, not reaped yet, keeps its number taken, and
   * reaps the leader; null if the kernel holds it fast, which is then left to a thread.
   */
  private static @Nullable ExitStatus end(EventLoop events, Spawned child) {
    try {
      ProcessCalls.kill(-child.pid(), Signals.SIGKILL);
    } catch (ErrnoException e) {
      if (!e.is(Errno.ESRCH)) {
        throw e;
      }
    }
    boolean interrupted = Thread.interrupted();
    try {
      if (ended(events, child, System.nanoTime() + GRACE.toNanos())) {
        try (child) {
          return ProcessCalls.reap(child.pidfd()).orElse(null);
        }
      }
    } catch (InterruptedException e) {
      interrupted = true;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    Thread.ofVirtual()
        .name("helper program " + child.pid())
        .start(() -> {
          try (child) {
            ProcessCalls.waitFor(child.pidfd());
          }
        });
    return null;
  }

  private static void within(CompletableFuture<?> future, long deadline)
      throws TimeoutException, InterruptedException {
    try {
      future.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  /** Reads a pipe to its end and keeps the beginning. */
  private static final class Drain implements AutoCloseable {
    private final Fd fd;
    private final int limit;
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private final CompletableFuture<Boolean> end = new CompletableFuture<>();
    private final EventLoop.Registration registration;
    private boolean closed;

    Drain(EventLoop events, Fd fd, int limit) {
      this.fd = fd;
      this.limit = limit;
      FileCalls.setNonBlocking(fd, true);
      this.registration = events.watch(fd, EventLoop.READABLE, (self, _) -> read(self));
    }

    private synchronized void read(EventLoop.Registration self) {
      if (closed || end.isDone()) {
        return;
      }
      byte[] chunk = new byte[8192];
      try {
        int count = FileIo.read(fd, chunk, 0, chunk.length);
        kept.write(chunk, 0, Math.min(count, limit - kept.size()));
        if (count == 0) {
          finish(self);
        }
      } catch (ErrnoException e) {
        if (!e.is(Errno.EAGAIN)) {
          finish(self);
        }
      }
    }

    private void finish(EventLoop.Registration self) {
      self.close();
      end.complete(true);
    }

    void awaitEnd(long deadline) throws InterruptedException {
      try {
        within(end, deadline);
      } catch (TimeoutException e) {
        // Somebody who left the group holds it open: what has come is all.
      }
    }

    synchronized byte[] bytes() {
      return kept.toByteArray();
    }

    @Override
    public void close() {
      registration.close();
      synchronized (this) {
        closed = true;
      }
    }
  }

  private synchronized EventLoop loop() {
    if (closed) {
      throw new IllegalStateException("helper programs: closed");
    }
    EventLoop open = loop;
    if (open == null) {
      open = EventLoop.start("helper programs", WATCHED);
      loop = open;
    }
    return open;
  }

  /** Ends the waits. */
  @Override
  public synchronized void close() {
    closed = true;
    if (loop != null) {
      loop.close();
      loop = null;
    }
  }
}
