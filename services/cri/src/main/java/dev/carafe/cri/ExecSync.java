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
import java.io.ByteArrayOutputStream;
import java.io.IOException;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a command in a container and collects what it prints. */
final class ExecSync implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ExecSync.class);
  private static final Duration END = Duration.ofSeconds(10);
  private static final int PIPES = 4096;

  private final Records records;
  private final Metadata metadata;
  private final TaskManager tasks;
  private final Path state;
  private final CriConfig config;
  private final EventLoop loop = EventLoop.start("cri-exec", PIPES);

  /** What came of a command. */
  record Outcome(byte[] stdout, byte[] stderr, int code) {}

  ExecSync(Records records, Metadata metadata, TaskManager tasks, Path state, CriConfig config) {
    this.records = records;
    this.metadata = metadata;
    this.tasks = tasks;
    this.state = state;
    this.config = config;
  }

  /**
   * Runs a command.
   *
   * @param timeout zero for none
   * @throws DeadlineExceededException at the timeout; the command's process group is killed
   */
  Outcome run(String id, List<String> command, Duration timeout) {
    CriContainer container = records.container(id);
    if (!container.running()) {
      throw new FailedPreconditionException("container " + container.id() + ": is not running");
    }
    if (command.isEmpty()) {
      throw new InvalidArgumentException("exec: no command");
    }
    String execId = PodFlow.newId();
    Path directory = state.resolve("exec-" + execId);
    try {
      Files.createDirectory(directory);
      Path out = fifo(directory.resolve("out"));
      Path err = fifo(directory.resolve("err"));
      // Opened before there is a writer, so that none has to wait for a reader.
      try (Fd outEnd = PathCalls.open(out, OpenFlags.RDONLY | OpenFlags.NONBLOCK, 0);
          Fd errEnd = PathCalls.open(err, OpenFlags.RDONLY | OpenFlags.NONBLOCK, 0)) {
        return run(
            container.id(),
            execId,
            process(container.id(), command),
            out,
            err,
            outEnd,
            errEnd,
            timeout);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("exec in container " + container.id(), e);
    } finally {
      TreeRemover.remove(directory);
    }
  }

  private static Path fifo(Path path) {
    PathCalls.mkfifoat(Fd.CWD, RawPath.of(path), 0600);
    return path;
  }

  private byte[] process(String id, List<String> command) {
    Container record = metadata.stores(Records.NAMESPACE).containers().get(id);
    TypedValue spec = record.spec();
    if (spec == null) {
      throw new FailedPreconditionException("container " + id + ": has no specification");
    }
    Map<String, Object> process =
        new HashMap<>(Json.object("specification", spec.value()).object("process").members());
    process.put("args", command);
    process.put("terminal", false);
    return Json.bytes(process);
  }

  private Outcome run(
      String id,
      String execId,
      byte[] process,
      Path out,
      Path err,
      Fd outEnd,
      Fd errEnd,
      Duration timeout) {
    tasks.exec(
        Records.NAMESPACE,
        id,
        execId,
        process,
        new Stdio("", out.toString(), err.toString(), false));
    try {
      tasks.start(Records.NAMESPACE, id, execId);
      var stdout = new Collected(outEnd);
      var stderr = new Collected(errEnd);
      Thread.ofVirtual().start(stdout);
      Thread.ofVirtual().start(stderr);
      int code = await(id, execId, timeout);
      long drained = System.nanoTime() + config.execDrain().toNanos();
      return new Outcome(stdout.bytes(drained), stderr.bytes(drained), code);
    } finally {
      delete(id, execId);
    }
  }

  private int await(String id, String execId, Duration timeout) {
    CompletableFuture<Integer> code = new CompletableFuture<>();
    Thread waiter =
        Thread.ofVirtual()
            .start(() -> {
              try {
                code.complete(tasks.await(Records.NAMESPACE, id, execId).code());
              } catch (InterruptedException | RuntimeException e) {
                code.completeExceptionally(e);
              }
            });
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

  /** Kills what still runs of the command and forgets it. */
  private void delete(String id, String execId) {
    try {
      try {
        tasks.kill(Records.NAMESPACE, id, execId, Signals.SIGKILL, true);
        awaitEnd(id, execId);
      } catch (NotFoundException e) {
        log.debug("exec {}: has ended", execId);
      }
      tasks.delete(Records.NAMESPACE, id, execId);
    } catch (NotFoundException e) {
      log.debug("exec {}: went with its container", execId);
    } catch (DaemonException e) {
      log.warn("exec {} in container {}: {}", execId, id, e.getMessage());
    }
  }

  private void awaitEnd(String id, String execId) {
    Thread waiter =
        Thread.ofVirtual()
            .start(() -> {
              try {
                tasks.await(Records.NAMESPACE, id, execId);
              } catch (InterruptedException | RuntimeException e) {
                log.debug("exec {}: {}", execId, e.toString());
              }
            });
    InFlight.unchecked(() -> waiter.join(END));
    waiter.interrupt();
  }

  /** One output, up to the limit; what comes after is read and dropped. */
  private final class Collected implements Runnable {
    private final Fd pipe;
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private final CompletableFuture<Boolean> end = new CompletableFuture<>();

    Collected(Fd pipe) {
      this.pipe = pipe;
    }

    @Override
    public void run() {
      var block = new byte[64 << 10];
      try {
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
            break;
          }
          synchronized (kept) {
            long room = config.execOutputLimit() - kept.size();
            kept.write(block, 0, (int) Math.min(count, room));
          }
        }
        end.complete(true);
      } catch (RuntimeException e) {
        end.complete(false);
      }
    }

    /** Everything up to the end, or up to that time where somebody still holds the pipe. */
    byte[] bytes(long deadline) {
      return InFlight.unchecked(() -> {
        try {
          end.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
          end.complete(false);
        }
        synchronized (kept) {
          return kept.toByteArray();
        }
      });
    }
  }

  @Override
  public void close() {
    loop.close();
  }
}
