package dev.carafe.plugin.runtime.wasm;

import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.mounts.RootFileSystems;
import dev.carafe.spi.runtimes.CheckpointRequest;
import dev.carafe.spi.runtimes.CreateTask;
import dev.carafe.spi.runtimes.ExecProcess;
import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.TaskLocation;
import dev.carafe.spi.runtimes.TaskMetrics;
import dev.carafe.spi.runtimes.TaskProcess;
import dev.carafe.spi.runtimes.TaskRuntime;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Runs WebAssembly modules on threads of the daemon. There is no process, so that there is no
 * further one, no terminal, nothing to look into by its number, and nothing that outlives the
 * daemon: a task of an earlier daemon has ended with it.
 */
final class WasmRuntime implements TaskRuntime, AutoCloseable {
  /** The end of a task whose daemon died: as if it had been killed, which it was. */
  private static final int DIED_WITH_DAEMON = 128 + Signal.KILL;

  private static final long SECONDS_TO_END = 10;
  private static final long SECONDS_TO_CLOSE = 2;

  private final WasmConfig config;
  private final RootFileSystems roots;
  private final MemoryBudget memory;
  private final CpuClock clock = new CpuClock();
  private final Map<String, WasmTask> tasks = new ConcurrentHashMap<>();

  WasmRuntime(WasmConfig config, RootFileSystems roots) {
    this.config = config;
    this.roots = roots;
    this.memory = new MemoryBudget(config.totalMemory());
  }

  @Override
  public RuntimeState create(CreateTask request) {
    TaskLocation location = request.location();
    if (request.checkpoint() != null) {
      throw new UnimplementedException("checkpoint: WebAssembly tasks have none");
    }
    if (tasks.containsKey(key(location))) {
      throw new AlreadyExistsException("task " + location + ": already exists");
    }
    TaskSpec spec = TaskSpec.of(request.spec());
    Path root = root(location);
    mount(request, spec, root);
    Program program = Program.load(roots, root, spec, config.moduleMib() << 20);
    MemoryBudget.Share share = memory.take(mostMemory(spec, program));
    boolean done = false;
    try {
      TaskStdio stdio = TaskStdio.open(request.stdio());
      tasks.put(
          key(location),
          new WasmTask(
              location,
              new WasmTask.Parts(
                  spec, program, roots, root, stdio, share, clock, config.compile())));
      done = true;
      return TaskState.of(location);
    } finally {
      if (!done) {
        share.close();
      }
    }
  }

  private void mount(CreateTask request, TaskSpec spec, Path root) {
    List<Mount> mounts = new ArrayList<>(request.rootfs());
    if (mounts.isEmpty()) {
      // Somebody else's directory: what is mounted below it is seen below the bundle only.
      Path prepared = request.location().bundle().resolve(spec.root());
      mounts.add(new Mount("bind", prepared.toString(), List.of("rbind", "rprivate")));
    }
    mounts.addAll(spec.mounts());
    try {
      Files.createDirectories(root);
    } catch (IOException e) {
      throw new UncheckedIOException("bundle of " + request.location() + ": " + e, e);
    }
    try {
      roots.mount(root, mounts, spec.readOnly());
    } catch (DaemonException e) {
      throw new FailedPreconditionException(
          "task " + request.location() + ": root file system: " + e.getMessage(), e);
    }
  }

  private long mostMemory(TaskSpec spec, Program program) {
    long limit = spec.memory() > 0 ? spec.memory() : config.taskMemoryMib() << 20;
    if (program.memoryBytes() > limit) {
      throw new FailedPreconditionException(
          "memory: the module begins with "
              + program.memoryBytes()
              + " bytes, and its limit is "
              + limit);
    }
    return Math.min(limit, program.mostMemoryBytes());
  }

  private static Path root(TaskLocation location) {
    return location.bundle().resolve("rootfs");
  }

  private static String key(TaskLocation location) {
    return location.toString();
  }

  /** Nothing goes on: what is known of its end is told, else that it was killed. */
  @Override
  public RuntimeState recover(TaskLocation location, RuntimeState state) {
    TaskState.location(state);
    ExitStatus end =
        ExitRecord.read(location)
            .orElseGet(() -> {
              var died = new ExitStatus(DIED_WITH_DAEMON, Instant.now(), false);
              ExitRecord.write(location, died);
              return died;
            });
    tasks.putIfAbsent(key(location), new WasmTask(location, end));
    return state;
  }

  @Override
  public void discard(TaskLocation location) {
    WasmTask task = tasks.get(key(location));
    if (task != null) {
      end(task);
    }
    forget(location);
  }

  private static void end(WasmTask task) {
    try {
      task.kill(Signal.KILL);
    } catch (NotFoundException _) {
      return;
    }
    try {
      if (!task.awaitEnd(TimeUnit.SECONDS.toNanos(SECONDS_TO_END))) {
        throw new UnavailableException("task " + task.location() + ": does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UnavailableException("task " + task.location() + ": interrupted", e);
    }
  }

  /** Mounts first: what is below them is not ours to remove. */
  private void forget(TaskLocation location) {
    Path root = root(location);
    roots.unmount(root);
    try {
      Files.deleteIfExists(root);
    } catch (DirectoryNotEmptyException _) {
      // Whoever made the bundle has put the root's files there.
    } catch (IOException e) {
      throw new FailedPreconditionException("task " + location + ": " + e.getMessage(), e);
    }
    tasks.remove(key(location));
  }

  @Override
  public RuntimeState start(RuntimeState state, ProcessId process) {
    task(state, process).start();
    return state;
  }

  @Override
  public RuntimeState exec(RuntimeState state, ExecProcess exec) {
    task(state, ProcessId.INIT);
    throw new UnimplementedException("exec: a WebAssembly task has one program");
  }

  @Override
  public ExitStatus await(RuntimeState state, ProcessId process) throws InterruptedException {
    return task(state, process).await();
  }

  @Override
  public ProcessStatus status(RuntimeState state, ProcessId process) {
    return task(state, process).status();
  }

  @Override
  public void kill(RuntimeState state, ProcessId process, int signal, boolean all) {
    task(state, process).kill(signal);
  }

  @Override
  public void resize(RuntimeState state, ProcessId process, int width, int height) {
    task(state, process);
    throw new UnimplementedException("terminal: a WebAssembly task has none");
  }

  @Override
  public void closeStdin(RuntimeState state, ProcessId process) {
    task(state, process).closeStdin();
  }

  @Override
  public void reopenLog(RuntimeState state) {
    task(state, ProcessId.INIT).reopenLog();
  }

  @Override
  public RuntimeState pause(RuntimeState state) {
    task(state, ProcessId.INIT).pause();
    return state;
  }

  @Override
  public RuntimeState resume(RuntimeState state) {
    task(state, ProcessId.INIT).resume();
    return state;
  }

  @Override
  public List<TaskProcess> processes(RuntimeState state) {
    task(state, ProcessId.INIT);
    return List.of();
  }

  @Override
  public RuntimeState update(
      RuntimeState state, byte[] resources, Map<String, String> annotations) {
    task(state, ProcessId.INIT).update(Json.object(resources, "resources"));
    return state;
  }

  @Override
  public TaskMetrics metrics(RuntimeState state) {
    return task(state, ProcessId.INIT).metrics();
  }

  @Override
  public void checkpoint(RuntimeState state, CheckpointRequest request) {
    throw new UnimplementedException("checkpoint: WebAssembly tasks have none");
  }

  @Override
  public DeletedProcess delete(RuntimeState state, ProcessId process) {
    WasmTask task = task(state, process);
    switch (task.status()) {
      case ProcessStatus.Created _, ProcessStatus.Stopped _ -> {}
      case ProcessStatus.Running _,
          ProcessStatus.Pausing _,
          ProcessStatus.Paused _,
          ProcessStatus.Unknown _ ->
          throw new FailedPreconditionException(
              "task " + task.location() + ": cannot delete a running process");
    }
    ExitStatus exit = task.remove();
    forget(task.location());
    return new DeletedProcess(state, 0, exit);
  }

  private WasmTask task(RuntimeState state, ProcessId process) {
    TaskLocation location = TaskState.location(state);
    WasmTask task = tasks.get(key(location));
    if (task == null) {
      throw new NotFoundException("task " + location + ": not found");
    }
    if (!process.isInit()) {
      throw new NotFoundException("process " + process + " in task " + location + ": not found");
    }
    return task;
  }

  @Override
  public RuntimeInfo info(RuntimeOptions options) {
    return new RuntimeInfo(
        "wasm", "chicory " + version(), new byte[0], Map.of("wasi", Program.WASI));
  }

  private static String version() {
    Properties properties = new Properties();
    try (InputStream in =
        Objects.requireNonNull(WasmRuntime.class.getResourceAsStream("version.properties"))) {
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties.getProperty("chicory", "");
  }

  /** The daemon goes, and with it all that runs in it. */
  @Override
  public void close() {
    List<WasmTask> ending = new ArrayList<>();
    for (WasmTask task : tasks.values()) {
      try {
        task.kill(Signal.KILL);
        ending.add(task);
      } catch (NotFoundException _) {
        // It has ended before.
      }
    }
    // A thread that does not end does not keep the daemon; the next one tells of its end.
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS_TO_CLOSE);
    try {
      for (WasmTask task : ending) {
        boolean _ = task.awaitEnd(until - System.nanoTime());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    tasks.clear();
    clock.close();
  }
}
