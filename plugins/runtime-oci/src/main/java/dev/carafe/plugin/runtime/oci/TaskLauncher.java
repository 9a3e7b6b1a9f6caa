package dev.carafe.plugin.runtime.oci;

import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.EventLoop;
import dev.carafe.linux.Mounter;
import dev.carafe.linux.OomScore;
import dev.carafe.linux.Terminal;
import dev.carafe.plugin.runtime.oci.BundleLayout.ProcessFiles;
import dev.carafe.plugin.runtime.oci.Conmon.Launched;
import dev.carafe.plugin.runtime.oci.TaskState.ProcessState;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.resources.GroupPlace;
import dev.carafe.spi.resources.ResourceManager;
import dev.carafe.spi.runtimes.CreateTask;
import dev.carafe.spi.runtimes.ExecProcess;
import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.TaskLocation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Sets tasks and their processes up. */
final class TaskLauncher {
  private final EventLoop loop;
  private final OciRuntimeConfig config;
  private final Conmon conmon;
  private final OciCommand command;
  private final Mounter mounter;

  TaskLauncher(
      EventLoop loop, OciRuntimeConfig config, Conmon conmon, OciCommand command, Mounter mounter) {
    this.loop = loop;
    this.config = config;
    this.conmon = conmon;
    this.command = command;
    this.mounter = mounter;
  }

  /**
   * Creates a task. Before anything is mounted or started, the intent is in the bundle; after a
   * failure {@link TaskCleaner#discard} undoes what was done.
   */
  Task create(CreateTask request, RuntimeSettings settings, ResourceManager resources)
      throws InterruptedException {
    TaskLocation location = request.location();
    if (Files.exists(settings.stateDirectory(location.id()))) {
      throw new AlreadyExistsException(
          "task " + location + ": " + settings.binary() + " has a container of that name");
    }
    var layout = new BundleLayout(location.bundle());
    Spec spec = Spec.of(request.spec(), request.stdio().terminal(), OomScore.floor());
    prepare(layout, location, settings, spec);
    mount(request, layout);
    Path checkpoint = request.checkpoint();
    var state =
        new TaskState(
            BootId.current(),
            location.namespace(),
            location.id(),
            location.bundle().toString(),
            settings,
            checkpoint == null ? "" : checkpoint.toString(),
            GroupPlace.NONE,
            spec.plain() && !settings.systemdCgroup(),
            spec.ownPids(),
            ProcessState.added("", 0, request.stdio()),
            List.of(),
            1);
    var task = new Task(loop, state, resources);
    boolean done = false;
    try {
      if (checkpoint == null) {
        launchInit(task, Conmon.Verb.CREATE);
      }
      done = true;
      return task;
    } finally {
      if (!done) {
        task.close();
      }
    }
  }

  private static void prepare(
      BundleLayout layout, TaskLocation location, RuntimeSettings settings, Spec spec) {
    try {
      PrivateFiles.directory(layout.init());
      PrivateFiles.directory(layout.initFiles().exits());
      PrivateFiles.write(
          layout.intent(),
          StateCodec.bytes(
              new StateCodec.Intent(
                  location.namespace(), location.id(), settings, spec.cgroupsPath())));
      PrivateFiles.write(layout.config(), spec.json());
      if (spec.rootGid() > 0) {
        // The container's root has to get through to rootfs; all else below is the daemon's only.
        Files.setAttribute(
            layout.bundle(), "unix:gid", (int) spec.rootGid(), LinkOption.NOFOLLOW_LINKS);
        PrivateFiles.permissions(layout.bundle(), "rwx--x---");
      }
    } catch (IOException e) {
      throw new UncheckedIOException("bundle " + layout.bundle() + ": " + e.getMessage(), e);
    }
  }

  private void mount(CreateTask request, BundleLayout layout) {
    if (request.rootfs().isEmpty()) {
      return;
    }
    try {
      if (!Files.isDirectory(layout.rootfs(), LinkOption.NOFOLLOW_LINKS)) {
        Files.createDirectory(layout.rootfs());
      }
      mounter.mount(request.rootfs(), layout.rootfs());
    } catch (IOException | ErrnoException e) {
      throw new FailedPreconditionException(
          "task " + request.location() + ": root file system: " + e.getMessage(), e);
    }
  }

  private void launchInit(Task task, Conmon.Verb verb) throws InterruptedException {
    TaskState state = task.state();
    ProcessFiles files = state.layout().initFiles();
    LiveProcess live = task.live(ProcessId.INIT);
    Launched launched =
        conmon.launch(
            new Conmon.Launch(
                verb,
                state.location(),
                state.settings(),
                files,
                state.init().stdio(),
                state.checkpoint(),
                live.isStdinClosed()));
    live.hold(launched.terminal());
    GroupPlace cgroup = task.placeOf(launched.process());
    ProcessState process = state.init().launched(launched, 0);
    task.update(state.withInit(cgroup, verb == Conmon.Verb.RESTORE ? process.letGo() : process));
    task.watch(task.state().init());
  }

  /** Lets the user's program run. */
  RuntimeState start(Task task) throws InterruptedException {
    TaskState state = task.state();
    if (!state.checkpoint().isEmpty()) {
      launchInit(task, Conmon.Verb.RESTORE);
      return StateCodec.encode(task.state());
    }
    if (!StartFifo.isAllOf(state)
        || !StartFifo.of(loop, state)
            .read(task.live(ProcessId.INIT).exit(), config.commandTimeout())) {
      command.run(
          state.settings(),
          Path.of(state.bundle()),
          state.layout().initFiles().log(),
          config.commandTimeout(),
          "start",
          List.of(state.id()));
    }
    return task.update(state.with(ProcessId.INIT, ProcessState::letGo));
  }

  /** Writes down a process that {@link #startExec} runs. */
  RuntimeState addExec(Task task, ExecProcess exec) {
    TaskState state = task.state();
    var process = ProcessState.added(exec.id().execId(), state.nextExec(), exec.stdio());
    ProcessFiles files = state.files(process);
    byte[] json = Spec.process(exec.process(), exec.stdio().terminal(), OomScore.floor());
    try {
      PrivateFiles.directory(state.layout().execs());
      PrivateFiles.directory(files.directory());
      PrivateFiles.directory(files.exits());
      PrivateFiles.write(files.process(), json);
    } catch (IOException e) {
      throw new UncheckedIOException("exec " + exec.id() + ": " + e.getMessage(), e);
    }
    return task.update(state.withExec(process));
  }

  RuntimeState startExec(Task task, ProcessState process) throws InterruptedException {
    TaskState state = task.state();
    ProcessFiles files = state.files(process);
    var id = new ProcessId(process.execId());
    LiveProcess live = task.live(id);
    setConsoleSize(files, live.size());
    long oomKills = task.group().oomKills();
    Launched launched =
        conmon.launch(
            new Conmon.Launch(
                Conmon.Verb.EXEC,
                state.location(),
                state.settings(),
                files,
                process.stdio(),
                "",
                live.isStdinClosed()));
    live.hold(launched.terminal());
    ProcessState started = process.launched(launched, oomKills).letGo();
    RuntimeState next = task.update(state.with(id, _ -> started));
    task.watch(started);
    return next;
  }

  private static void setConsoleSize(ProcessFiles files, Optional<Terminal.Size> size) {
    if (size.isEmpty()) {
      return;
    }
    try {
      byte[] process = Files.readAllBytes(files.process());
      PrivateFiles.write(
          files.process(), Spec.withConsoleSize(process, size.get().columns(), size.get().rows()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void update(TaskState state, byte[] resources) throws InterruptedException {
    ProcessFiles files = state.layout().initFiles();
    try {
      PrivateFiles.write(files.resources(), Spec.resources(resources));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    command.run(
        state.settings(),
        Path.of(state.bundle()),
        files.log(),
        config.commandTimeout(),
        "update",
        List.of("--resources", files.resources().toString(), state.id()));
  }
}
