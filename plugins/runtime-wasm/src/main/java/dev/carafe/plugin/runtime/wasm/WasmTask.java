package dev.carafe.plugin.runtime.wasm;

import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.Memory;
import com.dylibso.chicory.wasi.WasiExitException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.mounts.RootFileSystems;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import dev.carafe.spi.runtimes.TaskLocation;
import dev.carafe.spi.runtimes.TaskMetrics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One module from its creation to its end, which comes once, from the module or from a signal. */
final class WasmTask {
  /** What a program that aborts itself leaves: 128 and SIGABRT. */
  static final int TRAPPED = 134;

  private static final Logger LOG = LoggerFactory.getLogger(WasmTask.class);

  /** What a task is made of, and what it gives back at its end. */
  record Parts(
      TaskSpec spec,
      Program program,
      RootFileSystems roots,
      Path root,
      TaskStdio stdio,
      MemoryBudget.Share memory,
      CpuClock clock,
      boolean compile) {}

  private final TaskLocation location;
  private final CompletableFuture<ExitStatus> exit = new CompletableFuture<>();
  private @Nullable Parts parts;
  private @Nullable GuestThread thread;
  private @Nullable CpuUse cpu;
  private boolean paused;
  private volatile int signal;
  private volatile @Nullable Instance instance;
  private volatile TaskUse last = TaskUse.NONE;

  /** What a task has used at one moment. */
  private record TaskUse(long memory, long memoryLimit, long cpuNanos) {
    static final TaskUse NONE = new TaskUse(0, 0, 0);
  }

  WasmTask(TaskLocation location, Parts parts) {
    this.location = location;
    this.parts = parts;
    this.last = new TaskUse(0, parts.memory().bytes(), 0);
  }

  /** A task of an earlier daemon: it ended with that one, or before. */
  WasmTask(TaskLocation location, ExitStatus exit) {
    this.location = location;
    this.exit.complete(exit);
  }

  TaskLocation location() {
    return location;
  }

  synchronized void start() {
    if (parts == null || thread != null) {
      throw new FailedPreconditionException("task " + location + ": was started before");
    }
    Parts all = parts;
    GuestThread guest = new GuestThread("carafe-wasm-" + location, () -> run(all));
    thread = guest;
    cpu = new CpuUse(guest, all.spec().cpu());
    if (all.spec().cpu().any()) {
      all.clock().watch(this);
    }
    guest.start();
  }

  private void run(Parts all) {
    ExitStatus end = new ExitStatus(TRAPPED, Instant.now(), false);
    try (HostFunctions functions =
        new HostFunctions(
            all.spec(),
            all.roots(),
            all.root(),
            all.stdio().stdin(),
            all.stdio().stdout(),
            all.stdio().stderr())) {
      all.program()
          .run(functions.all(), all.memory().bytes(), all.compile(), made -> instance = made);
      end = ended(0);
    } catch (WasiExitException e) {
      end = ended(e.exitCode() & 0xff);
    } catch (OutOfMemoryError e) {
      end = new ExitStatus(128 + Signal.KILL, Instant.now(), true);
    } catch (RuntimeException | StackOverflowError e) {
      end = failed(all, e);
    } finally {
      finish(end);
    }
  }

  private static ExitStatus ended(int code) {
    return new ExitStatus(code, Instant.now(), false);
  }

  private ExitStatus failed(Parts all, Throwable cause) {
    // Else the channels below would close themselves.
    boolean _ = Thread.interrupted();
    if (signal != 0) {
      return ended(128 + signal);
    }
    String message = "carafe: wasm trap: " + describe(cause) + "\n";
    try {
      all.stdio().stderr().write(message.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      LOG.debug("task {}: {}", location, e.toString());
    }
    return ended(TRAPPED);
  }

  private static String describe(Throwable cause) {
    if (cause instanceof StackOverflowError) {
      return "call stack exhausted";
    }
    return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
  }

  /** The end is on disk before anybody hears of it. */
  private void finish(ExitStatus end) {
    synchronized (this) {
      Parts all = parts;
      if (all == null) {
        return;
      }
      last = use();
      instance = null;
      parts = null;
      all.clock().forget(this);
      all.stdio().close();
      all.memory().close();
    }
    ExitRecord.write(location, end);
    exit.complete(end);
  }

  /** The module's end is waited for at most so long. */
  boolean awaitEnd(long nanos) throws InterruptedException {
    try {
      exit.get(nanos, TimeUnit.NANOSECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      throw new AssertionError(e);
    }
  }

  ExitStatus await() throws InterruptedException {
    try {
      return exit.get();
    } catch (ExecutionException e) {
      throw new AssertionError(e);
    }
  }

  synchronized ProcessStatus status() {
    ExitStatus end = exit.getNow(null);
    if (end != null) {
      return new ProcessStatus.Stopped(0, end);
    }
    if (thread == null) {
      return new ProcessStatus.Created(0);
    }
    return paused ? new ProcessStatus.Paused(0) : new ProcessStatus.Running(0);
  }

  /** Ends the task if that is what the signal does to a program without a handler. */
  void kill(int number) {
    synchronized (this) {
      requireUnfinished();
      if (!Signal.ends(number)) {
        return;
      }
      if (thread != null) {
        signal = number;
        thread.interrupt();
        return;
      }
    }
    finish(ended(128 + number));
  }

  private void requireUnfinished() {
    if (exit.isDone() || parts == null) {
      throw new NotFoundException("process already finished");
    }
  }

  synchronized void pause() {
    if (!(status() instanceof ProcessStatus.Running) || thread == null) {
      throw new FailedPreconditionException("task " + location + ": is not running");
    }
    paused = true;
    thread.pause(true);
  }

  synchronized void resume() {
    if (!(status() instanceof ProcessStatus.Paused) || thread == null) {
      throw new FailedPreconditionException("task " + location + ": is not paused");
    }
    paused = false;
    thread.pause(false);
  }

  synchronized void update(JsonNode resources) {
    requireUnfinished();
    Parts all = parts;
    long memory = resources.path("memory").path("limit").asLong(0);
    if (all == null || memory > 0 && memory != all.spec().memory()) {
      throw new UnimplementedException(
          "memory limit "
              + memory
              + ": that of a WebAssembly task is set when it is created, and is "
              + (all == null ? 0 : all.memory().bytes()));
    }
    CpuLimits limits = (cpu == null ? all.spec().cpu() : cpu.limits()).with(resources.path("cpu"));
    parts =
        new Parts(
            all.spec().with(limits),
            all.program(),
            all.roots(),
            all.root(),
            all.stdio(),
            all.memory(),
            all.clock(),
            all.compile());
    if (cpu != null) {
      cpu.limit(limits);
      if (limits.any()) {
        all.clock().watch(this);
      } else {
        all.clock().forget(this);
      }
    }
  }

  /** Called by the clock. */
  void checkCpu(long now) {
    CpuUse use;
    synchronized (this) {
      use = cpu;
      if (use == null || parts == null) {
        return;
      }
    }
    if (use.check(now)) {
      try {
        kill(Signal.XCPU);
      } catch (NotFoundException _) {
        // It has ended by itself.
      }
    }
  }

  synchronized void closeStdin() {
    if (parts != null) {
      parts.stdio().closeStdin();
    }
  }

  synchronized void reopenLog() {
    requireUnfinished();
    if (parts != null) {
      parts.stdio().reopenLog();
    }
  }

  private TaskUse use() {
    Instance running = instance;
    Memory memory = running == null ? null : running.memory();
    return new TaskUse(
        memory == null ? 0 : (long) memory.pages() * Memory.PAGE_SIZE,
        last.memoryLimit(),
        cpu == null ? 0 : cpu.nanos());
  }

  /** In the shape of control group version 2. */
  synchronized TaskMetrics metrics() {
    TaskUse now = parts == null ? last : use();
    long micros = now.cpuNanos() / 1000;
    Map<String, Object> memory =
        Map.of("usage", now.memory(), "usage_limit", now.memoryLimit(), "anon", now.memory());
    return new TaskMetrics(
        Instant.now(),
        TaskMetrics.CGROUPS_V2,
        Map.of(
            "memory",
            memory,
            "cpu",
            Map.of(
                "usage_usec",
                micros,
                "user_usec",
                micros,
                "system_usec",
                0L,
                "nr_throttled",
                cpu == null ? 0L : cpu.throttled())));
  }

  /** Lets go of everything of a task that was never started, or has ended. */
  ExitStatus remove() {
    if (status() instanceof ProcessStatus.Created) {
      finish(ended(0));
    }
    return exit.getNow(ended(ExitStatus.UNKNOWN_CODE));
  }
}
