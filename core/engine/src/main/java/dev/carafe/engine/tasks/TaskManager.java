package dev.carafe.engine.tasks;

import dev.carafe.engine.Interrupts;
import dev.carafe.engine.observe.Observations;
import dev.carafe.engine.stores.Container;
import dev.carafe.engine.stores.Identifiers;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.TaskRecord;
import dev.carafe.engine.stores.TypedValue;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.events.Event;
import dev.carafe.spi.events.EventBus;
import dev.carafe.spi.plugins.PluginUse;
import dev.carafe.spi.runtimes.CheckpointRequest;
import dev.carafe.spi.runtimes.CreateTask;
import dev.carafe.spi.runtimes.ExecProcess;
import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.spi.runtimes.TaskMetrics;
import dev.carafe.spi.runtimes.TaskProcess;
import dev.carafe.spi.runtimes.TaskRuntime.DeletedProcess;
import dev.carafe.spi.runtimes.TaskStreams;
import dev.carafe.spi.sandboxes.SandboxController;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs tasks: every verb on a running container, for the gRPC services and for CRI.
 *
 * <p>Before a runtime is called for the first time the task's record is written without state: the
 * intent. Each state that the runtime returns is stored before the caller gets its answer. {@link
 * #recover} finishes or rolls back what an earlier daemon left. Events are published in the order
 * create, start, (oom), exit, delete.
 *
 * <p>All methods may be called from many threads; those that change one task take turns.
 */
public final class TaskManager implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TaskManager.class);
  private static final int PUBLISH_SECONDS = 10;

  private final Metadata metadata;
  private final RuntimeHandlers handlers;
  private final SandboxAddresses sandboxes;
  private final Function<TypedValue, RuntimeOptions> optionsDecoder;
  private final BundleDirectories bundles;
  private final TaskTable tasks;
  private final ExitWatcher watcher;
  private final String bootId = BootId.read();

  /**
   * Makes a manager.
   *
   * @param sandboxes controllers by id, which may know where a sandbox's containers are run
   * @param optionsDecoder reads a container's runtime options from the wire
   * @param bundles directory for bundles, {@code BUNDLES/NAMESPACE/ID}; survives the daemon, not a
   *     reboot
   */
  public TaskManager(
      Metadata metadata,
      RuntimeHandlers handlers,
      Map<String, SandboxController> sandboxes,
      Function<TypedValue, RuntimeOptions> optionsDecoder,
      EventBus events,
      Path bundles) {
    this.metadata = metadata;
    this.handlers = handlers;
    this.sandboxes = new SandboxAddresses(metadata, sandboxes);
    this.optionsDecoder = optionsDecoder;
    this.bundles = new BundleDirectories(bundles);
    this.tasks = new TaskTable(metadata, events, this.bundles);
    this.watcher = new ExitWatcher(tasks, handlers.plugins());
  }

  /**
   * Takes up the tasks of an earlier daemon: in parallel, and in the background but for reading the
   * records, so that the API can be served while a mute runtime is still being waited for. Calls on
   * a task wait for its own recovery only.
   */
  public void recover() {
    handlers.plugins().forEach(watcher::watchMemory);
    new TaskRecovery(handlers, tasks, watcher, bootId).recover(metadata);
  }

  /** What is kept of a runtime: its tasks, which it may hold in its own memory. */
  public List<PluginUse> uses(String runtime) {
    long count = tasks.count(runtime);
    return count == 0 ? List.of() : List.of(new PluginUse(count + " tasks", true));
  }

  /**
   * Creates the task of a container.
   *
   * @return the process id to show
   * @throws NotFoundException if there is no such container, or no such runtime
   * @throws AlreadyExistsException {@code task ID: already exists}
   */
  public long create(Namespace namespace, TaskRequest request) {
    return Observations.of(
        "task.create", request.containerId(), () -> createNow(namespace, request));
  }

  private long createNow(Namespace namespace, TaskRequest request) {
    String id = Identifiers.check("container id", request.containerId());
    Container container = metadata.stores(namespace).containers().get(id);
    TypedValue spec = container.spec();
    if (spec == null) {
      throw new InvalidArgumentException("container \"" + id + "\" has no runtime specification");
    }
    RuntimeHandlers.Resolved handler =
        handlers.resolve(
            request.runtime().isEmpty() ? container.runtime().name() : request.runtime(),
            merge(container.runtime().options(), request.options()));
    watcher.watchMemory(handler.plugin(), handler.runtime());
    TaskRecord intent =
        new TaskRecord(
            id,
            handler.plugin(),
            bundles.path(namespace, id),
            sandboxes.options(namespace, container, handler),
            bootId,
            Map.of("", new TaskRecord.Process(request.stdio(), false)),
            null,
            0);
    TaskEntry entry = new TaskEntry(namespace, handler.runtime(), intent);
    entry.lock();
    try {
      tasks.add(entry);
      long pid = create(entry, request, spec.value());
      entry.open();
      return pid;
    } finally {
      entry.unlock();
    }
  }

  private long create(TaskEntry entry, TaskRequest request, byte[] spec) {
    try {
      bundles.create(entry.location());
      metadata.stores(entry.namespace).tasks().put(entry.record());
      RuntimeState state =
          entry.runtime.create(
              new CreateTask(
                  entry.location(),
                  spec,
                  request.rootfs(),
                  request.stdio(),
                  entry.record().options(),
                  request.checkpoint()));
      tasks.store(entry, state);
    } catch (RuntimeException e) {
      rollBack(entry, e);
      throw e;
    }
    long pid = entry.runtime.status(entry.state(), ProcessId.INIT).pid();
    tasks.publish(entry, request.created(entry.record().bundle(), pid));
    watcher.watch(entry, ProcessId.INIT);
    return pid;
  }

  /** The record goes only when the runtime has cleaned up: else the next start tries again. */
  private void rollBack(TaskEntry entry, RuntimeException cause) {
    Interrupts.shielded(() -> {
      try {
        entry.runtime.discard(entry.location());
        tasks.forget(entry);
        entry.open();
      } catch (RuntimeException e) {
        cause.addSuppressed(e);
        LOG.error("task {}: left over after a failed creation: {}", entry.location(), e.toString());
        entry.lose();
      }
    });
  }

  private RuntimeOptions merge(@Nullable TypedValue ofContainer, RuntimeOptions ofRequest) {
    RuntimeOptions base =
        ofContainer == null ? RuntimeOptions.NONE : optionsDecoder.apply(ofContainer);
    Map<String, Object> merged = new HashMap<>(base.values());
    merged.putAll(ofRequest.values());
    return new RuntimeOptions(
        merged, ofRequest.original() == null ? base.original() : ofRequest.original());
  }

  /**
   * Starts the task, or a process added by {@link #exec}.
   *
   * @return the process id to show
   */
  public long start(Namespace namespace, String id, String execId) {
    return Observations.of("task.start", id, () -> startNow(namespace, id, execId));
  }

  private long startNow(Namespace namespace, String id, String execId) {
    return tasks.change(
        namespace,
        id,
        entry -> {
          ProcessId process = process(entry, execId);
          tasks.store(
              entry,
              entry.runtime.start(entry.state(), process),
              processes ->
                  processes.computeIfPresent(
                      execId, (ignored, added) -> new TaskRecord.Process(added.stdio(), true)));
          long pid = entry.runtime.status(entry.state(), process).pid();
          tasks.publish(
              entry,
              process.isInit()
                  ? new Event.TaskStarted(id, pid)
                  : new Event.TaskExecStarted(id, execId, pid));
          return pid;
        });
  }

  /**
   * Adds a process to a task; {@link #start} runs it.
   *
   * @param process the OCI runtime specification's {@code process} object, as JSON bytes
   * @throws AlreadyExistsException if the id is taken
   */
  public void exec(Namespace namespace, String id, String execId, byte[] process, Stdio stdio) {
    Identifiers.check("exec id", execId);
    tasks.change(
        namespace,
        id,
        entry -> {
          if (entry.record().processes().containsKey(execId)) {
            throw new AlreadyExistsException(
                "exec " + execId + " in task " + id + ": already exists");
          }
          RuntimeState state =
              entry.runtime.exec(
                  entry.state(), new ExecProcess(new ProcessId(execId), process, stdio));
          tasks.store(
              entry,
              state,
              processes -> processes.put(execId, new TaskRecord.Process(stdio, false)));
          tasks.publish(entry, new Event.TaskExecAdded(id, execId));
          watcher.watch(entry, new ProcessId(execId));
          return null;
        });
  }

  /**
   * Waits for a process to end. May be called before it is started; the caller's interrupt ends the
   * wait.
   *
   * @throws NotFoundException if there is no such task or process
   */
  public ExitStatus await(Namespace namespace, String id, String execId)
      throws InterruptedException {
    TaskEntry entry = tasks.get(namespace, id);
    process(entry, execId);
    try {
      return entry.exit(execId).status().get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof DaemonException failure
          ? failure
          : new FailedPreconditionException("task " + id + ": " + e.getCause(), e);
    }
  }

  /**
   * One process, with its state from the kernel; unknown where the runtime does not answer in time.
   */
  public TaskView get(Namespace namespace, String id, String execId) {
    TaskEntry entry = tasks.get(namespace, id);
    process(entry, execId);
    return entry.view(execId);
  }

  /** All tasks of a namespace. Those that are just being created or deleted may be left out. */
  public List<TaskView> list(Namespace namespace) {
    List<TaskEntry> entries = tasks.list(namespace);
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<CompletableFuture<TaskView>> views =
          entries.stream()
              .map(entry -> CompletableFuture.supplyAsync(() -> entry.view(""), executor))
              .toList();
      return views.stream().map(CompletableFuture::join).toList();
    }
  }

  /**
   * Signals a process, or with {@code all} every process of the task.
   *
   * @throws NotFoundException {@code process already finished} if it has ended
   */
  public void kill(Namespace namespace, String id, String execId, int signal, boolean all) {
    TaskEntry entry = tasks.get(namespace, id);
    ProcessId process = process(entry, execId);
    entry.runtime.kill(entry.state(), process, signal, all);
  }

  /** Sets a terminal's size in characters. */
  public void resize(Namespace namespace, String id, String execId, int width, int height) {
    TaskEntry entry = tasks.get(namespace, id);
    entry.runtime.resize(entry.state(), process(entry, execId), width, height);
  }

  /** Ends a process's standard input. */
  public void closeStdin(Namespace namespace, String id, String execId) {
    TaskEntry entry = tasks.get(namespace, id);
    entry.runtime.closeStdin(entry.state(), process(entry, execId));
  }

  /** Opens the log of a task's output anew, if it is one. */
  public void reopenLog(Namespace namespace, String id) {
    TaskEntry entry = tasks.get(namespace, id);
    entry.runtime.reopenLog(entry.state());
  }

  /** Connects to the streams of a task's first process; the caller closes the connection. */
  public TaskStreams attach(Namespace namespace, String id) {
    TaskEntry entry = tasks.get(namespace, id);
    return entry.runtime.attach(entry.state());
  }

  /** Connects to a port that a task serves on loopback; the caller closes the connection. */
  public SocketChannel connect(Namespace namespace, String id, int port) {
    TaskEntry entry = tasks.get(namespace, id);
    return entry.runtime.connect(entry.state(), port);
  }

  /** Stops all processes where they are. */
  public void pause(Namespace namespace, String id) {
    tasks.change(
        namespace,
        id,
        entry -> {
          tasks.store(entry, entry.runtime.pause(entry.state()));
          tasks.publish(entry, new Event.TaskPaused(id));
          return null;
        });
  }

  /** Undoes {@link #pause}. */
  public void resume(Namespace namespace, String id) {
    tasks.change(
        namespace,
        id,
        entry -> {
          tasks.store(entry, entry.runtime.resume(entry.state()));
          tasks.publish(entry, new Event.TaskResumed(id));
          return null;
        });
  }

  /** The processes of a task. */
  public List<TaskProcess> processes(Namespace namespace, String id) {
    TaskEntry entry = tasks.get(namespace, id);
    return entry.runtime.processes(entry.state());
  }

  /**
   * Changes limits.
   *
   * @param resources the OCI runtime specification's {@code linux.resources} object, as JSON bytes
   */
  public void update(
      Namespace namespace, String id, byte[] resources, Map<String, String> annotations) {
    tasks.change(
        namespace,
        id,
        entry -> {
          tasks.store(entry, entry.runtime.update(entry.state(), resources, annotations));
          return null;
        });
  }

  /** Statistics of a task. */
  public TaskMetrics metrics(Namespace namespace, String id) {
    TaskEntry entry = tasks.get(namespace, id);
    return entry.runtime.metrics(entry.state());
  }

  /** Writes a checkpoint into an empty directory. */
  public void checkpoint(Namespace namespace, String id, CheckpointRequest request) {
    tasks.change(
        namespace,
        id,
        entry -> {
          entry.runtime.checkpoint(entry.state(), request);
          tasks.publish(entry, new Event.TaskCheckpointed(id, request.directory().toString()));
          return null;
        });
  }

  /**
   * Forgets a process that has ended or was never started; with an empty {@code execId} the whole
   * task.
   *
   * @throws FailedPreconditionException if it is running
   */
  public DeletedProcess delete(Namespace namespace, String id, String execId) {
    return Observations.of("task.delete", id, () -> deleteNow(namespace, id, execId));
  }

  private DeletedProcess deleteNow(Namespace namespace, String id, String execId) {
    awaitPublished(tasks.get(namespace, id), execId);
    return tasks.change(
        namespace,
        id,
        entry -> {
          if (entry.lost()) {
            return deleteLost(entry);
          }
          ProcessId process = process(entry, execId);
          DeletedProcess deleted = entry.runtime.delete(entry.state(), process);
          if (process.isInit()) {
            tasks.forget(entry);
            tasks.publish(
                entry,
                new Event.TaskDeleted(
                    id, "", deleted.pid(), deleted.exit().code(), deleted.exit().exitedAt()));
          } else {
            entry.exits.remove(execId);
            tasks.store(entry, deleted.state(), processes -> processes.remove(execId));
          }
          return deleted;
        });
  }

  private DeletedProcess deleteLost(TaskEntry entry) {
    entry.runtime.discard(entry.location());
    tasks.forget(entry);
    ExitStatus exit = new ExitStatus(ExitStatus.UNKNOWN_CODE, Instant.now(), false);
    tasks.publish(entry, new Event.TaskDeleted(entry.id(), "", 0, exit.code(), exit.exitedAt()));
    return new DeletedProcess(new RuntimeState(new byte[0]), 0, exit);
  }

  /** Lets the exit of a process that has ended be published before its deletion. */
  private void awaitPublished(TaskEntry entry, String execId) {
    TaskEntry.Exit exit = entry.knownExit(execId);
    if (exit == null || entry.lost() || !(entry.status(execId) instanceof ProcessStatus.Stopped)) {
      return;
    }
    try {
      exit.published().get(PUBLISH_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw Cancelled.because("task " + entry.id(), e);
    } catch (TimeoutException | ExecutionException e) {
      LOG.warn(
          "task {}: exit of \"{}\" not published before its deletion", entry.location(), execId);
    }
  }

  /** Stops watching; the tasks go on. */
  @Override
  public void close() {
    watcher.close();
  }

  private static ProcessId process(TaskEntry entry, String execId) {
    if (!execId.isEmpty() && !entry.record().processes().containsKey(execId)) {
      throw new NotFoundException("exec \"" + execId + "\" in task " + entry.id() + " not found");
    }
    return new ProcessId(execId);
  }
}
