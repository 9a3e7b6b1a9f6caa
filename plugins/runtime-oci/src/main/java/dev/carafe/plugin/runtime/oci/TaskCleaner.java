package dev.carafe.plugin.runtime.oci;

import dev.carafe.linux.Backoff;
import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.MountInfo;
import dev.carafe.linux.Mounter;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.Signals;
import dev.carafe.linux.TreeRemover;
import dev.carafe.plugin.runtime.oci.TaskState.ProcessState;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.errors.UnknownException;
import dev.carafe.spi.resources.ResourceGroup;
import dev.carafe.spi.resources.ResourceManager;
import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import dev.carafe.spi.runtimes.TaskLocation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes tasks down. Every step may be repeated. The bundle's files, the exit codes among them, stay
 * until the daemon removes the bundle: a deletion that is cut off loses nothing.
 */
final class TaskCleaner {
  private static final Logger LOG = LoggerFactory.getLogger(TaskCleaner.class);
  private static final Duration STEP = Duration.ofSeconds(10);
  private static final Duration BUSY = Duration.ofSeconds(2);

  private final OciRuntimeConfig config;
  private final Helpers helpers;
  private final OciCommand command;
  private final Mounter mounter;
  private final Map<String, ResourceManager> managers;

  TaskCleaner(
      OciRuntimeConfig config,
      Helpers helpers,
      OciCommand command,
      Mounter mounter,
      Map<String, ResourceManager> managers) {
    this.config = config;
    this.helpers = helpers;
    this.command = command;
    this.mounter = mounter;
    this.managers = managers;
  }

  /** Removes an exec that has ended, or was never started. */
  ExitStatus deleteExec(Task task, ProcessState exec) throws InterruptedException {
    ExitStatus exit =
        exec.started()
            ? exit(task, new ProcessId(exec.execId()))
            : new ExitStatus(0, Instant.now(), false);
    endHelpers(exec);
    remove(task.state().files(exec).directory());
    return exit;
  }

  /** Removes a task whose first process has ended, or was never let go. */
  ExitStatus delete(Task task) throws InterruptedException {
    TaskState state = task.state();
    ProcessState init = state.init();
    if (!init.started()) {
      init.process().signal(Signals.SIGKILL);
      if (task.group().state() != ResourceGroup.State.THAWED) {
        task.group().thaw();
      }
    }
    ExitStatus exit = new ExitStatus(0, Instant.now(), false);
    if (!init.process().isNone()) {
      ExitStatus actual = exit(task, ProcessId.INIT);
      exit = init.started() ? actual : new ExitStatus(0, actual.exitedAt(), false);
      endLeftOvers(task, state);
      forgetContainer(task);
    }
    endHelpers(init);
    unmount(state.layout());
    return exit;
  }

  private static ExitStatus exit(Task task, ProcessId process) throws InterruptedException {
    try {
      return task.live(process).exit().get(STEP.toSeconds() * 2, TimeUnit.SECONDS);
    } catch (TimeoutException | ExecutionException | CancellationException e) {
      throw new UnavailableException(
          "task " + task.state().location() + ": " + process + " does not end", e);
    }
  }

  /** Processes that outlived the first one: only where they are not in its pid namespace. */
  private void endLeftOvers(Task task, TaskState state) throws InterruptedException {
    if (!state.ownPids() && !task.group().killAll(STEP)) {
      throw new UnavailableException(
          "task " + state.location() + ": processes " + task.group().pids() + " do not end");
    }
    for (ProcessState exec : state.execs()) {
      if (exec.started()) {
        exit(task, new ProcessId(exec.execId()));
        endHelpers(exec);
      }
    }
  }

  /**
   * Makes the OCI runtime forget the container. Where that is no more than removing a directory and
   * cgroups it is done here; else, and where it does not succeed, the OCI runtime does it.
   */
  private void forgetContainer(Task task) throws InterruptedException {
    TaskState state = task.state();
    Path directory = state.settings().stateDirectory(state.id());
    if (!Files.isDirectory(directory)) {
      removeCgroup(task);
      return;
    }
    if (!state.plain() || state.cgroup().isNone() || !removeCgroup(task)) {
      command.run(
          state.settings(),
          Path.of(state.bundle()),
          state.layout().initFiles().log(),
          config.commandTimeout(),
          "delete",
          List.of("--force", state.id()));
      removeCgroup(task);
    }
    remove(directory);
  }

  /** A group that others are in, too, is left to them. */
  private static boolean removeCgroup(Task task) throws InterruptedException {
    ResourceGroup cgroup = task.group();
    if (cgroup.remove(cgroup.pids().isEmpty() ? BUSY : Duration.ZERO)) {
      return true;
    }
    warnOfUse(task.state().location(), cgroup);
    return false;
  }

  private static void warnOfUse(TaskLocation location, ResourceGroup cgroup) {
    LOG.warn("task {}: cgroup {} is in use by {}", location, cgroup.place(), cgroup.pids());
  }

  /** Output that was written is delivered if somebody reads it within the time. */
  private void endHelpers(ProcessState process) throws InterruptedException {
    if (process.feeder().signal(Signals.SIGKILL)) {
      helpers.awaitEnd(process.feeder(), STEP);
    }
    long end = System.nanoTime() + config.drainTimeout().toNanos();
    for (Pid sink : process.sinks()) {
      if (!helpers.awaitEnd(sink, Duration.ofNanos(Math.max(0, end - System.nanoTime())))) {
        LOG.warn("output helper {}: nobody takes what is left, ended", sink.number());
        sink.signal(Signals.SIGKILL);
        helpers.awaitEnd(sink, STEP);
      }
    }
  }

  private void unmount(BundleLayout layout) throws InterruptedException {
    Path rootfs = layout.rootfs();
    if (mounter.unmountAt(rootfs) && isRemoved(rootfs)) {
      return;
    }
    boolean unmounted =
        Backoff.until(
            BUSY,
            () -> {
              try {
                mounter.unmountAll(rootfs);
                return true;
              } catch (ErrnoException e) {
                if (e.is(Errno.EBUSY)) {
                  return false;
                }
                throw e;
              }
            });
    if (!unmounted) {
      LOG.warn("root file system {}: still in use, detached", rootfs);
      mounter.detachAll(rootfs);
    }
    removeMountPoint(rootfs);
  }

  /** Not if there are mounts in it, or files. */
  private static boolean isRemoved(Path rootfs) {
    try {
      Files.deleteIfExists(rootfs);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Nothing but an empty directory: were it still mounted, its content would be the image's. */
  private static void removeMountPoint(Path rootfs) {
    try {
      if (MountInfo.atOrBelow(RawPath.of(rootfs)).isEmpty()) {
        Files.delete(rootfs);
      }
    } catch (NoSuchFileException _) {
      // Gone before.
    } catch (IOException e) {
      LOG.warn("root file system {}: kept: {}", rootfs, e.getMessage());
    }
  }

  private static void remove(Path directory) {
    if (Files.isDirectory(directory)) {
      TreeRemover.remove(directory);
    }
  }

  /** Undoes a creation, as far as it came. */
  void discard(TaskLocation location) throws InterruptedException {
    var layout = new BundleLayout(location.bundle());
    endAll(location);
    StateCodec.Intent intent = intent(layout);
    if (intent != null) {
      RuntimeSettings settings = intent.settings();
      Path directory = settings.stateDirectory(intent.id());
      if (Files.isDirectory(directory)) {
        deleteByForce(location, layout, settings);
        remove(directory);
      }
      endAll(location);
      // What the OCI runtime may have made before it had a process to put in.
      ResourceGroup left =
          RuntimeSettings.manager(managers, settings.resources()).named(intent.cgroupsPath());
      // What was killed may not have been reaped yet.
      if (left.exists()
          && !(Backoff.until(BUSY, () -> left.pids().isEmpty()) && left.remove(BUSY))) {
        warnOfUse(location, left);
      }
    }
    unmount(layout);
  }

  /** One look may miss a process whose parent ends, or that executes a program, just then. */
  private void endAll(TaskLocation location) throws InterruptedException {
    var quiet = new int[1];
    boolean ended =
        Backoff.until(
            STEP,
            () -> {
              List<Pid> running = new ArrayList<>(Helpers.of(location.bundle()));
              running.forEach(process -> process.signal(Signals.SIGKILL));
              quiet[0] = running.isEmpty() ? quiet[0] + 1 : 0;
              return quiet[0] == 2;
            });
    if (!ended) {
      throw new UnavailableException(
          "task " + location + ": " + Helpers.of(location.bundle()) + " do not end");
    }
  }

  private void deleteByForce(TaskLocation location, BundleLayout layout, RuntimeSettings settings)
      throws InterruptedException {
    try {
      command.run(
          settings,
          location.bundle(),
          layout.initFiles().log(),
          config.commandTimeout(),
          "delete",
          List.of("--force", location.id()));
    } catch (UnknownException | ErrnoException e) {
      // A container without a state file is unknown to the OCI runtime; what is left of it is not.
      LOG.warn("task {}: {}", location, e.getMessage());
    }
  }

  private static StateCodec.@Nullable Intent intent(BundleLayout layout) {
    try {
      return StateCodec.readIntent(layout.intent());
    } catch (NoSuchFileException _) {
      return null;
    } catch (IOException e) {
      // Cut off while it was written, before anything was started.
      LOG.warn("bundle {}: intent: {}", layout.bundle(), e.getMessage());
      return null;
    }
  }
}
