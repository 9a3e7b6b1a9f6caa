package dev.carafe.plugin.runtime.oci;

import dev.carafe.linux.EventLoop;
import dev.carafe.linux.Mounter;
import dev.carafe.linux.Signals;
import dev.carafe.linux.Terminal;
import dev.carafe.plugin.runtime.oci.TaskState.ProcessState;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.resources.ResourceGroup;
import dev.carafe.spi.resources.ResourceManager;
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
import dev.carafe.spi.runtimes.TaskStreams;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Runs tasks with an OCI runtime under conmon. What happens once in a task's life is in {@link
 * TaskLauncher} and {@link TaskCleaner}; here is what happens in between.
 *
 * <p>Whether a process lives, is stopped or has ended is asked of the kernel by pid and start time,
 * cgroup and exit file, never of the OCI runtime: it is run to create, restore, start and add
 * processes, for new limits and for checkpoints.
 */
final class OciRuntime implements TaskRuntime, AutoCloseable {
  private static final int CAPACITY = 1 << 18;

  /** What fits into a state with room to spare. */
  private static final int MOST_EXECS = 1000;

  private static final int HIGHEST_SIGNAL = 64;
  private static final int LARGEST_SIZE = 0xffff;

  private final OciRuntimeConfig config;
  private final Path stateDirectory;
  private final Map<String, ResourceManager> managers;
  private final EventLoop loop = EventLoop.start("oci-runtime", CAPACITY);
  private final Map<Key, Task> tasks = new ConcurrentHashMap<>();
  private final MemoryKills memory = new MemoryKills();
  private final OciCommand command = new OciCommand(loop);
  private final TaskLauncher launcher;
  private final TaskCleaner cleaner;
  private final Checkpoints checkpoints;
  private final RuntimeFacts facts;

  private record Key(String namespace, String id) {
    static Key of(TaskLocation location) {
      return new Key(location.namespace(), location.id());
    }
  }

  /**
   * Makes a runtime.
   *
   * @param stateDirectory below which the OCI runtime keeps its state where nothing else is said
   * @param managers resource managers by id
   */
  OciRuntime(OciRuntimeConfig config, Path stateDirectory, Map<String, ResourceManager> managers) {
    var helpers = new Helpers(loop);
    this.config = config;
    this.stateDirectory = stateDirectory;
    this.managers = Map.copyOf(managers);
    this.launcher =
        new TaskLauncher(
            loop, config, new Conmon(config, helpers, managers), command, Mounter.kernel());
    this.cleaner = new TaskCleaner(config, helpers, command, Mounter.kernel(), managers);
    this.checkpoints = new Checkpoints(command);
    this.facts = new RuntimeFacts(command, config.commandTimeout());
  }

  @Override
  public RuntimeState create(CreateTask request) {
    TaskLocation location = request.location();
    if (tasks.containsKey(Key.of(location))) {
      throw new AlreadyExistsException("task " + location + ": already exists");
    }
    RuntimeSettings settings = settings(request.options(), location.namespace());
    try {
      Task task = launcher.create(request, settings, resources(settings));
      task.watchMemory(memory);
      tasks.put(Key.of(location), task);
      return StateCodec.encode(task.state());
    } catch (InterruptedException e) {
      throw Conmon.cancelled("task " + location, e);
    }
  }

  private RuntimeSettings settings(RuntimeOptions options, String namespace) {
    return RuntimeSettings.of(config, stateDirectory, options, namespace, managers);
  }

  private ResourceManager resources(RuntimeSettings settings) {
    return RuntimeSettings.manager(managers, settings.resources());
  }

  @Override
  public String resourceManager(RuntimeOptions options) {
    return RuntimeSettings.resources(config, options);
  }

  @Override
  public RuntimeState recover(TaskLocation location, RuntimeState state) {
    Task former = tasks.remove(Key.of(location));
    if (former != null) {
      former.close();
    }
    return StateCodec.encode(task(state).state());
  }

  /** The task, taken up anew where this daemon does not know it yet. */
  private Task task(RuntimeState state) {
    TaskState known = StateCodec.decode(state);
    Key key = Key.of(known.location());
    Task live = tasks.get(key);
    if (live != null) {
      return live;
    }
    Task recovered = TaskRecovery.recover(loop, known, resources(known.settings()));
    Task winner = tasks.putIfAbsent(key, recovered);
    if (winner == null) {
      recovered.watchMemory(memory);
      memory.name(known.location());
      return recovered;
    }
    recovered.close();
    return winner;
  }

  @Override
  public void discard(TaskLocation location) {
    Task task = tasks.remove(Key.of(location));
    if (task != null) {
      task.close();
    }
    try {
      cleaner.discard(location);
    } catch (InterruptedException e) {
      throw Conmon.cancelled("task " + location, e);
    }
  }

  @Override
  public RuntimeState start(RuntimeState state, ProcessId id) {
    Task task = task(state);
    ProcessState process = task.process(id);
    if (process.started()) {
      throw new FailedPreconditionException(named(task, id) + ": was started before");
    }
    try {
      if (id.isInit()) {
        task.require("start", ProcessStatus.Created.class);
        RuntimeState started = launcher.start(task);
        task.watchMemory(memory);
        return started;
      }
      task.require("start a process of", ProcessStatus.Running.class, ProcessStatus.Created.class);
      return launcher.startExec(task, process);
    } catch (InterruptedException e) {
      throw Conmon.cancelled(named(task, id), e);
    }
  }

  @Override
  public RuntimeState exec(RuntimeState state, ExecProcess exec) {
    Task task = task(state);
    if (exec.id().isInit()) {
      throw new InvalidArgumentException("exec id is empty");
    }
    if (task.state().find(exec.id()).isPresent()) {
      throw new AlreadyExistsException(named(task, exec.id()) + ": already exists");
    }
    if (task.state().execs().size() >= MOST_EXECS) {
      throw new ResourceExhaustedException(
          "task " + task.state().location() + ": has " + MOST_EXECS + " execs already");
    }
    if (!task.state().checkpoint().isEmpty() && !task.state().init().started()) {
      throw new FailedPreconditionException(
          "task " + task.state().location() + ": cannot exec before it is restored");
    }
    try {
      task.require("exec in", ProcessStatus.Running.class, ProcessStatus.Created.class);
    } catch (InterruptedException e) {
      throw Conmon.cancelled(named(task, exec.id()), e);
    }
    return launcher.addExec(task, exec);
  }

  @Override
  public ExitStatus await(RuntimeState state, ProcessId process) throws InterruptedException {
    return task(state).await(process);
  }

  @Override
  public ProcessStatus status(RuntimeState state, ProcessId process) {
    Task task = task(state);
    try {
      return task.status(process);
    } catch (InterruptedException e) {
      throw Conmon.cancelled(named(task, process), e);
    }
  }

  @Override
  public void kill(RuntimeState state, ProcessId id, int signal, boolean all) {
    if (signal < 0 || signal > HIGHEST_SIGNAL) {
      throw new InvalidArgumentException("signal " + signal + ": there is none of that number");
    }
    Task task = task(state);
    ProcessState process = task.process(id);
    if (process.process().isNone()) {
      throw new FailedPreconditionException(named(task, id) + ": process not created");
    }
    if (signal == Signals.SIGKILL) {
      task.live(id).killed();
    }
    ResourceGroup cgroup = task.group();
    try {
      if (all && id.isInit() && !cgroup.pids().isEmpty()) {
        cgroup.signalAll(signal, config.commandTimeout());
        return;
      }
    } catch (InterruptedException e) {
      throw Conmon.cancelled(named(task, id), e);
    }
    if (!process.process().isAlive()) {
      throw Task.finished();
    }
    if (all && !id.isInit()) {
      // The OCI runtime makes each process the leader of a session.
      ProcessTree.send(-process.process().number(), signal);
    }
    if (!process.process().signal(signal)) {
      throw Task.finished();
    }
    if (signal == Signals.SIGKILL
        && id.isInit()
        && !cgroup.place().unified()
        && cgroup.state() != ResourceGroup.State.THAWED) {
      cgroup.thaw();
    }
  }

  @Override
  public void resize(RuntimeState state, ProcessId id, int width, int height) {
    if (width < 0 || width > LARGEST_SIZE || height < 0 || height > LARGEST_SIZE) {
      throw new InvalidArgumentException("terminal size " + width + " by " + height);
    }
    Task task = task(state);
    if (!task.process(id).stdio().terminal()) {
      throw new FailedPreconditionException(named(task, id) + ": has no terminal");
    }
    if (task.live(id).exit().isDone()) {
      throw Task.finished();
    }
    var size = new Terminal.Size(height, width);
    if (ContainerLog.of(task.process(id).stdio()).isPresent()) {
      ContainerLog.resize(Path.of(task.state().bundle()), size);
      return;
    }
    task.live(id).resize(size);
  }

  @Override
  public void closeStdin(RuntimeState state, ProcessId id) {
    Task task = task(state);
    ProcessState process = task.process(id);
    if (task.live(id).closeStdin()) {
      StdinKeeper.release(process.monitor(), process.stdinKeeper());
    }
  }

  @Override
  public void reopenLog(RuntimeState state) {
    Task task = task(state);
    ContainerLog log =
        ContainerLog.of(task.state().init().stdio())
            .orElseThrow(() ->
                new UnimplementedException(
                    "task "
                        + task.state().location()
                        + ": its output is no log that can be opened anew"));
    try {
      if (!log.reopen(Path.of(task.state().bundle()), config.commandTimeout())) {
        throw Task.finished();
      }
    } catch (InterruptedException e) {
      throw Conmon.cancelled("task " + task.state().location(), e);
    }
  }

  @Override
  public TaskStreams attach(RuntimeState state) {
    Task task = task(state);
    if (ContainerLog.of(task.state().init().stdio()).isEmpty()) {
      throw new UnimplementedException(
          "task " + task.state().location() + ": its streams are not for attaching");
    }
    return Attachment.to(Path.of(task.state().bundle()), loop);
  }

  @Override
  public SocketChannel connect(RuntimeState state, int port) {
    Task task = task(state);
    try {
      task.require("connect to", ProcessStatus.Running.class, ProcessStatus.Paused.class);
      return task.connect(port);
    } catch (InterruptedException e) {
      throw Conmon.cancelled("task " + task.state().location(), e);
    }
  }

  @Override
  public RuntimeState pause(RuntimeState state) {
    Task task = task(state);
    try {
      task.require("pause", ProcessStatus.Running.class);
      ResourceGroup cgroup = task.group();
      if (!cgroup.canFreeze()) {
        throw new UnimplementedException(
            "task " + task.state().location() + ": its cgroup has no freezer");
      }
      if (!cgroup.freeze(config.commandTimeout())) {
        throw new UnavailableException(
            "task " + task.state().location() + ": its processes do not stop");
      }
      return StateCodec.encode(task.state());
    } catch (InterruptedException e) {
      throw Conmon.cancelled("task " + task.state().location(), e);
    }
  }

  @Override
  public RuntimeState resume(RuntimeState state) {
    Task task = task(state);
    try {
      task.require("resume", ProcessStatus.Paused.class, ProcessStatus.Pausing.class);
    } catch (InterruptedException e) {
      throw Conmon.cancelled("task " + task.state().location(), e);
    }
    task.group().thaw();
    return StateCodec.encode(task.state());
  }

  @Override
  public List<TaskProcess> processes(RuntimeState state) {
    Task task = task(state);
    var execs = new HashMap<Long, String>();
    task.state().execs().forEach(exec -> execs.put(exec.process().number(), exec.execId()));
    return task.group().pids().stream()
        .map(pid -> new TaskProcess(pid, execs.getOrDefault(pid, "")))
        .toList();
  }

  @Override
  public RuntimeState update(
      RuntimeState state, byte[] resources, Map<String, String> annotations) {
    Task task = task(state);
    try {
      task.require(
          "update",
          ProcessStatus.Created.class,
          ProcessStatus.Running.class,
          ProcessStatus.Paused.class);
      launcher.update(task.state(), resources);
      return StateCodec.encode(task.state());
    } catch (InterruptedException e) {
      throw Conmon.cancelled("task " + task.state().location(), e);
    }
  }

  @Override
  public TaskMetrics metrics(RuntimeState state) {
    Task task = task(state);
    if (!task.group().exists()) {
      throw new FailedPreconditionException("task " + task.state().location() + ": has no cgroup");
    }
    return task.group().metrics();
  }

  @Override
  public long memoryKills(RuntimeState state) {
    return task(state).memoryKills();
  }

  @Override
  public Set<TaskLocation> awaitMemoryKills() throws InterruptedException {
    return memory.await();
  }

  @Override
  public void checkpoint(RuntimeState state, CheckpointRequest request) {
    Task task = task(state);
    try {
      task.require("checkpoint", ProcessStatus.Running.class, ProcessStatus.Paused.class);
      checkpoints.write(task.state(), request);
    } catch (InterruptedException e) {
      throw Conmon.cancelled("task " + task.state().location(), e);
    }
  }

  @Override
  public DeletedProcess delete(RuntimeState state, ProcessId id) {
    Task task = task(state);
    ProcessState process = task.process(id);
    try {
      if (process.started() && !isOver(task.status(id))) {
        throw new FailedPreconditionException(
            named(task, id) + ": cannot delete a running process");
      }
      if (!id.isInit()) {
        ExitStatus exit = cleaner.deleteExec(task, process);
        RuntimeState next = task.update(task.state().without(id));
        task.forget(id, exit);
        return new DeletedProcess(next, process.process().number(), exit);
      }
      ExitStatus exit = cleaner.delete(task);
      tasks.remove(Key.of(task.state().location()), task);
      task.close();
      memory.forget(task.state().location());
      return new DeletedProcess(state, process.process().number(), exit);
    } catch (InterruptedException e) {
      throw Conmon.cancelled(named(task, id), e);
    }
  }

  private static boolean isOver(ProcessStatus status) {
    return switch (status) {
      case ProcessStatus.Stopped _ -> true;
      case ProcessStatus.Created _,
          ProcessStatus.Running _,
          ProcessStatus.Pausing _,
          ProcessStatus.Paused _,
          ProcessStatus.Unknown _ ->
          false;
    };
  }

  @Override
  public RuntimeInfo info(RuntimeOptions options) {
    String binary = settings(options, "").binary();
    try {
      return facts.of(binary);
    } catch (InterruptedException e) {
      throw Conmon.cancelled(binary, e);
    }
  }

  private static String named(Task task, ProcessId process) {
    @Nullable String exec = process.isInit() ? null : process.execId();
    return "task " + task.state().location() + (exec == null ? "" : ": exec \"" + exec + "\"");
  }

  /** Stops watching; the tasks go on. */
  @Override
  public void close() {
    loop.close();
    tasks.values().forEach(Task::close);
    tasks.clear();
  }
}
