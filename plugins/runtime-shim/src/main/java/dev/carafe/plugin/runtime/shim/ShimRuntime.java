package dev.carafe.plugin.runtime.shim;

import com.google.protobuf.Any;
import dev.carafe.linux.EventLoop;
import dev.carafe.linux.LoopbackPorts;
import dev.carafe.linux.Mounter;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.runtimes.CheckpointRequest;
import dev.carafe.spi.runtimes.CreateTask;
import dev.carafe.spi.runtimes.ExecProcess;
import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.spi.runtimes.TaskLocation;
import dev.carafe.spi.runtimes.TaskMetrics;
import dev.carafe.spi.runtimes.TaskProcess;
import dev.carafe.spi.runtimes.TaskRuntime;
import dev.carafe.spi.runtimes.TaskStreams;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs tasks through shims. What happens once in a task's life is in {@link ShimLauncher} and
 * {@link ShimCleaner}, what becomes of it when its shim dies in {@link ShimTask}; here is what
 * happens in between. The shim is asked for everything and believed, but not waited for.
 */
final class ShimRuntime implements TaskRuntime, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ShimRuntime.class);
  private static final int CAPACITY = 1 << 18;
  private static final int MOST_EXECS = 1000;
  private static final int HIGHEST_SIGNAL = 64;
  private static final int LARGEST_SIZE = 0xffff;
  private static final Duration CHECKPOINT = Duration.ofSeconds(590);
  private static final String FINISHED = "process already finished";

  private final ShimRuntimeConfig config;
  private final EventLoop loop = EventLoop.start("shim-runtime", CAPACITY);
  private final Map<Key, ShimTask> tasks = new ConcurrentHashMap<>();
  private final ShimBinaries binaries;
  private final ShimProgram programs;
  private final ShimCleaner cleaner;
  private final ShimLauncher launcher;

  private record Key(String namespace, String id) {
    static Key of(TaskLocation location) {
      return new Key(location.namespace(), location.id());
    }
  }

  /**
   * Makes a runtime.
   *
   * @param work below which shims get a directory of their own for each task
   */
  ShimRuntime(ShimRuntimeConfig config, Path work) {
    this.config = config;
    this.binaries = new ShimBinaries(config.directories());
    this.programs = new ShimProgram(loop, config);
    this.cleaner = new ShimCleaner(config, programs, work, Mounter.kernel());
    this.launcher =
        new ShimLauncher(loop, config, binaries, new ShimStarter(programs, config), cleaner);
  }

  /** What is done with the shim of a task. */
  private static <T extends @Nullable Object> T on(ShimTask task, ShimTask.Call<T> call) {
    try {
      return task.call(call);
    } catch (ShimGoneException e) {
      throw new UnavailableException(String.valueOf(e.getMessage()), e);
    } catch (InterruptedException e) {
      throw ShimFailures.cancelled("task " + task.state().location(), e);
    }
  }

  private static void run(ShimTask task, Action action) {
    ShimRuntime.<@Nullable Object>on(
        task,
        client -> {
          action.run(client);
          return null;
        });
  }

  private interface Action {
    void run(TaskClient client) throws InterruptedException;
  }

  @Override
  public boolean isInstalled(RuntimeOptions options) {
    return binaries.has(ShimOptions.runtime(options));
  }

  @Override
  public RuntimeState create(CreateTask request) {
    TaskLocation location = request.location();
    if (tasks.containsKey(Key.of(location))) {
      throw new AlreadyExistsException("task " + location + ": already exists");
    }
    try {
      ShimTask task = launcher.create(request);
      tasks.put(Key.of(location), task);
      return task.state().encoded();
    } catch (InterruptedException e) {
      throw ShimFailures.cancelled("task " + location, e);
    }
  }

  @Override
  public RuntimeState recover(TaskLocation location, RuntimeState state) {
    ShimTask former = tasks.remove(Key.of(location));
    if (former != null) {
      former.close();
    }
    return task(state).state().encoded();
  }

  /** The task, taken up anew where this daemon does not know it yet. */
  private ShimTask task(RuntimeState state) {
    ShimState known = ShimState.decode(state);
    return tasks.computeIfAbsent(Key.of(known.location()), _ -> launcher.recover(known));
  }

  @Override
  public void discard(TaskLocation location) {
    ShimTask task = tasks.remove(Key.of(location));
    if (task != null) {
      task.close();
    }
    try {
      cleaner.discard(location);
    } catch (InterruptedException e) {
      throw ShimFailures.cancelled("task " + location, e);
    }
  }

  @Override
  public RuntimeState start(RuntimeState state, ProcessId id) {
    ShimTask task = task(state);
    if (!(TaskStatus.status(task, id) instanceof ProcessStatus.Created)) {
      throw new FailedPreconditionException(TaskStatus.named(task, id) + ": was started before");
    }
    run(task, client -> client.start(id.execId()));
    ShimTask.Size size = task.recall(id.execId());
    if (size != null) {
      try {
        resize(task, id, size);
      } catch (DaemonException e) {
        LOG.info("{}: terminal size: {}", TaskStatus.named(task, id), e.getMessage());
      }
    }
    return task.state().encoded();
  }

  @Override
  public RuntimeState exec(RuntimeState state, ExecProcess exec) {
    ShimTask task = task(state);
    String id = exec.id().execId();
    if (exec.id().isInit()) {
      throw new InvalidArgumentException("exec id is empty");
    }
    if (task.state().exec(id).isPresent()) {
      throw new AlreadyExistsException(TaskStatus.named(task, exec.id()) + ": already exists");
    }
    if (task.state().execs().size() >= MOST_EXECS) {
      throw new ResourceExhaustedException(
          "task " + task.state().location() + ": has " + MOST_EXECS + " execs already");
    }
    Stdio stdio = StdioNames.checked(exec.stdio());
    byte[] process = SpecDocument.process(exec.process(), exec.stdio().terminal());
    TaskStatus.require(task, "exec in", ProcessStatus.Running.class, ProcessStatus.Created.class);
    run(task, client -> client.exec(new ExecProcess(exec.id(), process, stdio)));
    return task.update(task.state().with(new ShimState.Exec(id, exec.stdio().terminal())))
        .encoded();
  }

  @Override
  public ExitStatus await(RuntimeState state, ProcessId process) throws InterruptedException {
    ShimTask task = task(state);
    TaskStatus.requireKnown(task, process);
    return task.await(process);
  }

  @Override
  public ProcessStatus status(RuntimeState state, ProcessId process) {
    return TaskStatus.status(task(state), process);
  }

  @Override
  public void kill(RuntimeState state, ProcessId id, int signal, boolean all) {
    if (signal < 0 || signal > HIGHEST_SIGNAL) {
      throw new InvalidArgumentException("signal " + signal + ": there is none of that number");
    }
    ShimTask task = task(state);
    TaskStatus.requireKnown(task, id);
    if (task.dead() != null) {
      throw new NotFoundException(FINISHED);
    }
    try {
      run(task, client -> client.kill(id.execId(), signal, all));
    } catch (NotFoundException e) {
      throw String.valueOf(e.getMessage()).startsWith(FINISHED)
          ? new NotFoundException(FINISHED)
          : e;
    }
  }

  @Override
  public void resize(RuntimeState state, ProcessId id, int width, int height) {
    if (width < 0 || width > LARGEST_SIZE || height < 0 || height > LARGEST_SIZE) {
      throw new InvalidArgumentException("terminal size " + width + " by " + height);
    }
    ShimTask task = task(state);
    TaskStatus.requireKnown(task, id);
    boolean terminal =
        id.isInit()
            ? task.state().terminal()
            : task.state().exec(id.execId()).filter(ShimState.Exec::terminal).isPresent();
    if (!terminal) {
      throw new FailedPreconditionException(TaskStatus.named(task, id) + ": has no terminal");
    }
    var size = new ShimTask.Size(width, height);
    // Shims forget a size that an exec is given before it runs.
    if (!id.isInit() && TaskStatus.status(task, id) instanceof ProcessStatus.Created) {
      task.remember(id.execId(), size);
    } else {
      resize(task, id, size);
    }
  }

  private static void resize(ShimTask task, ProcessId id, ShimTask.Size size) {
    run(task, client -> client.resize(id.execId(), size.width(), size.height()));
  }

  @Override
  public void closeStdin(RuntimeState state, ProcessId id) {
    ShimTask task = task(state);
    TaskStatus.requireKnown(task, id);
    if (task.dead() == null) {
      run(task, client -> client.closeStdin(id.execId()));
    }
  }

  @Override
  public RuntimeState pause(RuntimeState state) {
    ShimTask task = task(state);
    TaskStatus.require(task, "pause", ProcessStatus.Running.class);
    run(task, TaskClient::pause);
    return task.state().encoded();
  }

  @Override
  public RuntimeState resume(RuntimeState state) {
    ShimTask task = task(state);
    TaskStatus.require(task, "resume", ProcessStatus.Paused.class, ProcessStatus.Pausing.class);
    run(task, TaskClient::resume);
    return task.state().encoded();
  }

  @Override
  public List<TaskProcess> processes(RuntimeState state) {
    return on(task(state), TaskClient::pids).getProcessesList().stream()
        .map(TaskStatus::process)
        .toList();
  }

  @Override
  public RuntimeState update(
      RuntimeState state, byte[] resources, Map<String, String> annotations) {
    ShimTask task = task(state);
    byte[] document = SpecDocument.resources(resources);
    TaskStatus.require(
        task,
        "update",
        ProcessStatus.Created.class,
        ProcessStatus.Running.class,
        ProcessStatus.Paused.class);
    run(task, client -> client.update(document, annotations));
    return task.state().encoded();
  }

  @Override
  public TaskMetrics metrics(RuntimeState state) {
    return ShimMetrics.of(on(task(state), TaskClient::stats));
  }

  @Override
  public void checkpoint(RuntimeState state, CheckpointRequest request) {
    ShimTask task = task(state);
    Any options = ShimOptions.checkpoint(request.options(), request.exit());
    TaskStatus.require(task, "checkpoint", ProcessStatus.Running.class, ProcessStatus.Paused.class);
    run(task, client -> client.checkpoint(request.directory(), options, CHECKPOINT));
  }

  @Override
  public DeletedProcess delete(RuntimeState state, ProcessId id) {
    ShimTask task = task(state);
    ProcessStatus status = TaskStatus.status(task, id);
    ExitStatus exit =
        switch (status) {
          case ProcessStatus.Stopped stopped -> stopped.exit();
          case ProcessStatus.Created _ -> new ExitStatus(0, Instant.now(), false);
          case ProcessStatus.Unknown _ ->
              throw new UnavailableException(
                  TaskStatus.named(task, id) + ": its shim does not answer");
          case ProcessStatus.Running _, ProcessStatus.Pausing _, ProcessStatus.Paused _ ->
              throw new FailedPreconditionException(
                  TaskStatus.named(task, id) + ": cannot delete a running process");
        };
    try {
      if (id.isInit()) {
        return deleteTask(task, status.pid(), exit);
      }
      if (task.dead() == null) {
        deleteInShim(task, id);
      }
      task.forget(id.execId());
      ShimState next = task.update(task.state().without(id.execId()));
      return new DeletedProcess(next.encoded(), status.pid(), exit);
    } catch (InterruptedException e) {
      throw ShimFailures.cancelled(TaskStatus.named(task, id), e);
    }
  }

  /** How it ended is in the bundle before the shim forgets it: a daemon that dies asks nobody. */
  private DeletedProcess deleteTask(ShimTask task, long pid, ExitStatus exit)
      throws InterruptedException {
    TaskLocation location = task.state().location();
    if (task.dead() == null) {
      Bundle bundle = Bundle.of(location);
      bundle.write(
          bundle.exit(),
          ShimState.bytes(new ShimState.Exit(exit.code(), pid, exit.exitedAt().toString())));
      deleteInShim(task, ProcessId.INIT);
      cleaner.shutDown(task, isLast(task));
    } else {
      task.close();
      cleaner.removeTraces(location);
    }
    tasks.remove(Key.of(location), task);
    return new DeletedProcess(task.state().encoded(), pid, exit);
  }

  private boolean isLast(ShimTask task) {
    String address = task.state().bootstrap().address();
    return tasks.values().stream()
        .noneMatch(other -> other != task && other.state().bootstrap().address().equals(address));
  }

  private void deleteInShim(ShimTask task, ProcessId id) {
    try {
      run(task, client -> client.delete(id.execId(), config.callTimeout()));
    } catch (NotFoundException _) {
      // An earlier call got that far.
    }
  }

  @Override
  public void reopenLog(RuntimeState state) {
    running(task(state)).reopen();
  }

  @Override
  public TaskStreams attach(RuntimeState state) {
    CriLogClient client = running(task(state)).attach(() -> closeStdin(state, ProcessId.INIT));
    if (client == null) {
      throw new NotFoundException(FINISHED);
    }
    return client;
  }

  private static CriLog running(ShimTask task) {
    CriLog output = task.output();
    if (output == null) {
      throw new UnimplementedException(
          "task " + task.state().location() + ": its output is no log of the runtime's");
    }
    if (task.dead() != null) {
      throw new NotFoundException(FINISHED);
    }
    return output;
  }

  @Override
  public SocketChannel connect(RuntimeState state, int port) {
    ShimTask task = task(state);
    TaskStatus.require(task, "connect to", ProcessStatus.Running.class, ProcessStatus.Paused.class);
    try {
      return LoopbackPorts.connect(task.state().pid(), () -> task.dead() == null, port);
    } catch (NoSuchFileException e) {
      throw new NotFoundException(FINISHED, e);
    } catch (IOException e) {
      throw new UnavailableException("task " + task.state().location() + ": " + e.getMessage(), e);
    }
  }

  @Override
  public RuntimeInfo info(RuntimeOptions options) {
    String runtime = ShimOptions.runtime(options);
    try {
      return ShimInfo.ask(
          programs, binaries.find(runtime), runtime, ShimOptions.of(options), config);
    } catch (InterruptedException e) {
      throw ShimFailures.cancelled("runtime \"" + runtime + "\"", e);
    }
  }

  /** Lets go of all shims; they and their tasks go on. */
  @Override
  public void close() {
    tasks.values().forEach(ShimTask::close);
    tasks.clear();
    loop.close();
  }
}
