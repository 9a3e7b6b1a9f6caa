package dev.carafe.plugin.runtime.oci;

import dev.carafe.linux.EventLoop;
import dev.carafe.linux.LoopbackPorts;
import dev.carafe.plugin.runtime.oci.TaskState.ProcessState;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.resources.GroupPlace;
import dev.carafe.spi.resources.ResourceGroup;
import dev.carafe.spi.resources.ResourceManager;
import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.TaskLocation;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A task while this daemon lives. Changing calls come one at a time; its state may be read
 * meanwhile.
 */
final class Task {
  /** What the call for a process's status may wait for its exit to be recorded. */
  private static final long RECORD_MILLIS = 1500;

  private final EventLoop loop;
  private final ResourceManager resources;
  private final Map<String, LiveProcess> processes = new ConcurrentHashMap<>();
  private volatile TaskState state;
  private volatile ResourceGroup group;
  private final AtomicLong memoryKills = new AtomicLong();
  private ResourceGroup.@Nullable Watch memoryWatch;
  private boolean closed;

  /**
   * A task that has just been created, or an earlier daemon's whose processes are to be watched.
   */
  Task(EventLoop loop, TaskState state, ResourceManager resources) {
    this.loop = loop;
    this.resources = resources;
    this.state = state;
    this.group = resources.reopen(state.cgroup());
  }

  TaskState state() {
    return state;
  }

  RuntimeState update(TaskState next) {
    RuntimeState encoded = StateCodec.encode(next);
    if (!next.cgroup().equals(state.cgroup())) {
      group = resources.reopen(next.cgroup());
    }
    state = next;
    return encoded;
  }

  ResourceGroup group() {
    return group;
  }

  /** The group that a process is in now. */
  GroupPlace placeOf(Pid process) {
    return resources.of(process.number()).place();
  }

  ProcessState process(ProcessId id) {
    return state.process(id);
  }

  LiveProcess live(ProcessId id) {
    process(id);
    return processes.computeIfAbsent(id.execId(), _ -> new LiveProcess(loop));
  }

  /** Watches a process that has been set up. */
  void watch(ProcessState process) {
    live(new ProcessId(process.execId())).watch(process, state.files(process), group, state.id());
  }

  /** Has kills for want of memory named, from when it has a control group. */
  synchronized void watchMemory(MemoryKills kills) {
    if (memoryWatch == null && !closed && !state.cgroup().isNone()) {
      TaskLocation location = state.location();
      memoryWatch = group.onOom(() -> kills.name(location));
    }
  }

  /**
   * Kills for want of memory by the kernel's count, which does not depend on who noticed in time.
   * Where the group has gone with its last process, conmon's word stands for one.
   */
  long memoryKills() {
    long counted = group.oomKills();
    if (counted == 0 && !group.exists() && Files.exists(state.files(state.init()).oom())) {
      counted = 1;
    }
    return memoryKills.accumulateAndGet(counted, Math::max);
  }

  /** Where a process stands, by the kernel. */
  ProcessStatus status(ProcessId id) throws InterruptedException {
    ProcessState process = process(id);
    long pid = process.process().number();
    LiveProcess live = live(id);
    if (!live.exit().isDone()) {
      if (process.process().isNone()) {
        return new ProcessStatus.Created(0);
      }
      if (process.process().isAlive()) {
        return alive(process, pid);
      }
    }
    try {
      return new ProcessStatus.Stopped(pid, live.exit().get(RECORD_MILLIS, TimeUnit.MILLISECONDS));
    } catch (TimeoutException | ExecutionException | CancellationException _) {
      return new ProcessStatus.Unknown(pid);
    }
  }

  /**
   * Refuses what the first process's status does not allow.
   *
   * @throws FailedPreconditionException if it is none of {@code allowed}
   */
  @SafeVarargs
  final void require(String action, Class<? extends ProcessStatus>... allowed)
      throws InterruptedException {
    ProcessStatus status = status(ProcessId.INIT);
    for (Class<? extends ProcessStatus> one : allowed) {
      if (one.isInstance(status)) {
        return;
      }
    }
    throw new FailedPreconditionException(
        "cannot " + action + " task " + state.location() + ": it is " + word(status));
  }

  private static String word(ProcessStatus status) {
    return switch (status) {
      case ProcessStatus.Created _ -> "created";
      case ProcessStatus.Running _ -> "running";
      case ProcessStatus.Pausing _ -> "pausing";
      case ProcessStatus.Paused _ -> "paused";
      case ProcessStatus.Stopped _ -> "stopped";
      case ProcessStatus.Unknown _ -> "of unknown status";
    };
  }

  /** A connection to a port on its loopback address. */
  SocketChannel connect(int port) {
    Pid init = process(ProcessId.INIT).process();
    try {
      return LoopbackPorts.connect(init.number(), init::isAlive, port);
    } catch (NoSuchFileException e) {
      throw finished();
    } catch (IOException e) {
      throw new UnavailableException("task " + state.location() + ": " + e.getMessage(), e);
    }
  }

  private ProcessStatus alive(ProcessState process, long pid) {
    if (!process.started()) {
      return new ProcessStatus.Created(pid);
    }
    return switch (group.state()) {
      case THAWED -> new ProcessStatus.Running(pid);
      case FREEZING -> new ProcessStatus.Pausing(pid);
      case FROZEN -> new ProcessStatus.Paused(pid);
    };
  }

  ExitStatus await(ProcessId id) throws InterruptedException {
    try {
      return live(id).exit().get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException failure
          ? failure
          : new IllegalStateException(e.getCause());
    }
  }

  /** Ends the waits of those who wait for a process that will never run. */
  void forget(ProcessId id, ExitStatus exit) {
    LiveProcess live = processes.remove(id.execId());
    if (live != null) {
      live.exit().complete(exit);
      live.close();
    }
  }

  /** Closes what is held; the processes go on. */
  void close() {
    closeMemoryWatch();
    processes.values().forEach(LiveProcess::close);
    processes.clear();
  }

  private synchronized void closeMemoryWatch() {
    closed = true;
    if (memoryWatch != null) {
      memoryWatch.close();
      memoryWatch = null;
    }
  }

  static NotFoundException finished() {
    return new NotFoundException("process already finished");
  }
}
