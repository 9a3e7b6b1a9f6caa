package dev.carafe.cri;

import dev.carafe.engine.stores.Container;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.TypedValue;
import dev.carafe.engine.tasks.TaskManager;
import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.EventLoop;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileIo;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.Signals;
import dev.carafe.linux.TreeRemover;
import dev.carafe.oci.Json;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.runtimes.Stdio;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs commands in containers. Their streams go through FIFOs that only live as long as they. */
final class Commands implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Commands.class);
  private static final Duration END = Duration.ofSeconds(10);
  private static final int PIPES = 4096;
  private static final int BLOCK = 64 << 10;

  /** File in a command's directory that names its container, for the next daemon. */
  private static final String CONTAINER = "container";

  private final Records records;
  private final Metadata metadata;
  private final TaskManager tasks;
  private final Path state;
  private final Duration drain;
  private final EventLoop loop = EventLoop.start("cri-exec", PIPES);

  /**
   * A command.
   *
   * @param stdin null for none
   * @param stderr gets nothing with a terminal
   * @param timeout zero for none
   * @param onStart gets what sets the terminal's width and height
   */
  record Command(
      String containerId,
      List<String> words,
      boolean terminal,
      @Nullable InputStream stdin,
      OutputStream stdout,
      OutputStream stderr,
      Duration timeout,
      Consumer<BiConsumer<Integer, Integer>> onStart) {}

  Commands(Records records, Metadata metadata, TaskManager tasks, Path state, Duration drain) {
    this.records = records;
    this.metadata = metadata;
    this.tasks = tasks;
    this.state = state;
    this.drain = drain;
  }

  /**
   * Runs a command to its end; returns its exit code.
   *
   * @throws DeadlineExceededException at the timeout; the command's whole session is killed
   */
  int run(Command command) {
    CriContainer container = records.container(command.containerId());
    if (!container.running()) {
      throw new FailedPreconditionException("container " + container.id() + ": is not running");
    }
    if (command.words().isEmpty()) {
      throw new InvalidArgumentException("exec: no command");
    }
    String execId = PodFlow.newId();
    Path directory = state.resolve("exec-" + execId);
    try {
      Files.createDirectory(directory);
      Files.writeString(directory.resolve(CONTAINER), container.id());
      Path out = fifo(directory.resolve("out"));
      Path err = fifo(directory.resolve("err"));
      Path in = fifo(directory.resolve("in"));
      var stdio =
          new Stdio(
              command.stdin() == null ? "" : in.toString(),
              out.toString(),
              command.terminal() ? "" : err.toString(),
              command.terminal());
      // Opened before there is a writer, so that none has to wait for a reader.
      try (Fd outEnd = PathCalls.open(out, OpenFlags.RDONLY | OpenFlags.NONBLOCK, 0);
          Fd errEnd = PathCalls.open(err, OpenFlags.RDONLY | OpenFlags.NONBLOCK, 0)) {
        tasks.exec(
            Records.NAMESPACE, container.id(), execId, process(container.id(), command), stdio);
        try {
          return started(container.id(), execId, command, in, outEnd, errEnd);
        } finally {
          delete(container.id(), execId);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("exec in container " + container.id(), e);
    } finally {
      TreeRemover.remove(directory);
    }
  }

  /** Kills the commands of an earlier daemon, for whose output nobody waits any more. */
  void recover(List<Path> directories) {
    for (Path directory : directories) {
      String execId = directory.getFileName().toString().substring("exec-".length());
      try {
        String container = Files.readString(directory.resolve(CONTAINER));
        if (records.findContainer(container) != null) {
          log.info("exec {}: cut off, its processes are killed", execId);
          delete(container, execId);
        }
      } catch (IOException e) {
        log.debug("exec {}: was never begun", execId);
      }
      TreeRemover.remove(directory);
    }
  }

  private static Path fifo(Path path) {
    PathCalls.mkfifoat(Fd.CWD, RawPath.of(path), 0600);
    return path;
  }

  private byte[] process(String id, Command command) {
    Container record = metadata.stores(Records.NAMESPACE).containers().get(id);
    TypedValue spec = record.spec();
    if (spec == null) {
      throw new FailedPreconditionException("container " + id + ": has no specification");
    }
    Map<String, Object> process =
        new HashMap<>(Json.object("specification", spec.value()).object("process").members());
    process.put("args", command.words());
    process.put("terminal", command.terminal());
    return Json.bytes(process);
  }

  private int started(String id, String execId, Command command, Path in, Fd outEnd, Fd errEnd) {
    tasks.start(Records.NAMESPACE, id, execId);
    var stdout = new Output(outEnd, command.stdout());
    var stderr = new Output(errEnd, command.stderr());
    Thread.ofVirtual().start(stdout);
    if (!command.terminal()) {
      Thread.ofVirtual().start(stderr);
    }
    Thread input = Thread.ofVirtual().start(() -> feed(id, execId, command.stdin(), in));
    try {
      command
          .onStart()
          .accept((width, height) -> tasks.resize(Records.NAMESPACE, id, execId, width, height));
      int code = await(id, execId, command.timeout());
      long deadline = System.nanoTime() + drain.toNanos();
      stdout.finish(deadline);
      if (!command.terminal()) {
        stderr.finish(deadline);
      }
      return code;
    } finally {
      input.interrupt();
    }
  }

  /** Copies what the client types until its end, which then is the command's too. */
  private void feed(String id, String execId, @Nullable InputStream from, Path fifo) {
    if (from == null) {
      return;
    }
    try (Fd to = PathCalls.open(fifo, OpenFlags.WRONLY | OpenFlags.NONBLOCK, 0)) {
      var block = new byte[BLOCK];
      for (int count = from.read(block); count >= 0; count = from.read(block)) {
        write(to, block, count);
      }
    } catch (IOException | ErrnoException e) {
      log.debug("exec {}: input ends: {}", execId, e.toString());
    } catch (InterruptedException e) {
      return;
    }
    try {
      tasks.closeStdin(Records.NAMESPACE, id, execId);
    } catch (DaemonException e) {
      log.debug("exec {}: {}", execId, e.getMessage());
    }
  }

  private void write(Fd to, byte[] block, int count) throws InterruptedException {
    int done = 0;
    while (done < count) {
      try {
        done += FileIo.write(to, block, done, count - done);
      } catch (ErrnoException e) {
        if (!e.is(Errno.EAGAIN)) {
          throw e;
        }
        CompletableFuture<Integer> ready = loop.ready(to, EventLoop.WRITABLE);
        try {
          ready.get();
        } catch (ExecutionException failed) {
          throw new IllegalStateException(failed);
        } finally {
          ready.cancel(false);
        }
      }
    }
  }

  private int await(String id, String execId, Duration timeout) {
    CompletableFuture<Integer> code = new CompletableFuture<>();
    Thread waiter = waiter(id, execId, code);
    return InFlight.unchecked(() -> {
      try {
        return timeout.isPositive()
            ? code.get(timeout.toMillis(), TimeUnit.MILLISECONDS)
            : code.get();
      } catch (TimeoutException e) {
        throw new DeadlineExceededException(
            "command in container "
                + id
                + " timed out: timeout "
                + timeout.toSeconds()
                + "s exceeded",
            e);
      } catch (ExecutionException e) {
        throw e.getCause() instanceof Exception known ? known : e;
      } finally {
        waiter.interrupt();
      }
    });
  }

  private Thread waiter(String id, String execId, CompletableFuture<Integer> code) {
    return Thread.ofVirtual()
        .start(() -> {
          try {
            code.complete(tasks.await(Records.NAMESPACE, id, execId).code());
          } catch (InterruptedException | RuntimeException e) {
            code.completeExceptionally(e);
          }
        });
  }

  /** Kills what still runs of the command and forgets it. */
  private void delete(String id, String execId) {
    boolean interrupted = Thread.interrupted();
    try {
      killAndAwait(id, execId);
      tasks.delete(Records.NAMESPACE, id, execId);
    } catch (NotFoundException e) {
      log.debug("exec {}: went with its container", execId);
    } catch (DaemonException e) {
      log.warn("exec {} in container {}: {}", execId, id, e.getMessage());
    } catch (InterruptedException e) {
      interrupted = true;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void killAndAwait(String id, String execId) throws InterruptedException {
    try {
      tasks.kill(Records.NAMESPACE, id, execId, Signals.SIGKILL, true);
    } catch (NotFoundException | FailedPreconditionException e) {
      // It has ended, or never began.
      return;
    }
    Thread waiter = waiter(id, execId, new CompletableFuture<>());
    waiter.join(END);
    waiter.interrupt();
  }

  /** Copies one output. */
  private final class Output implements Runnable {
    private final Fd pipe;
    private final OutputStream to;
    private final CompletableFuture<Boolean> end = new CompletableFuture<>();
    private final CompletableFuture<Boolean> copied = new CompletableFuture<>();

    Output(Fd pipe, OutputStream to) {
      this.pipe = pipe;
      this.to = to;
    }

    @Override
    public void run() {
      try {
        copy();
      } catch (IOException | RuntimeException e) {
        log.debug("exec: output ends: {}", e.toString());
      } finally {
        copied.complete(true);
      }
    }

    private void copy() throws IOException {
      var block = new byte[BLOCK];
      while (!end.isDone()) {
        int count;
        try {
          count = FileIo.read(pipe, block, 0, block.length);
        } catch (ErrnoException e) {
          if (!e.is(Errno.EAGAIN)) {
            throw e;
          }
          CompletableFuture<Integer> ready = loop.ready(pipe, EventLoop.READABLE);
          CompletableFuture.anyOf(ready, end).join();
          ready.cancel(false);
          continue;
        }
        if (count <= 0) {
          return;
        }
        to.write(block, 0, count);
      }
    }

    /** Waits for its end, or up to that time where somebody still holds the pipe. */
    void finish(long deadline) {
      InFlight.unchecked(() -> {
        try {
          copied.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
          end.complete(true);
          copied.get(END.toSeconds(), TimeUnit.SECONDS);
        }
        return true;
      });
    }
  }

  @Override
  public void close() {
    loop.close();
  }
}
