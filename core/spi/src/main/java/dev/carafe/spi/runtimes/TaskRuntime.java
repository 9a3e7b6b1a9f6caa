package dev.carafe.spi.runtimes;

import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.plugins.Deadline;
import dev.carafe.spi.plugins.Direct;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Runs tasks.
 *
 * <p>Model: a <em>task</em> has a first process ({@link ProcessId#INIT}) and any number of further
 * ones (<em>execs</em>). Calls that change something return the {@link RuntimeState} that replaces
 * the one they were given; the daemon has stored it before it answers its client.
 *
 * <p>The daemon guarantees: changing calls for one task come one at a time ({@link #await}, {@link
 * #status}, {@link #metrics} and {@link #kill} may overlap them); {@link #recover} is the first
 * call for a task after a restart; {@link #discard} follows a {@link #create} that failed or was
 * cut off by a crash.
 *
 * <p>You guarantee: tasks, their output and their exit codes survive the daemon; no stdio passes
 * through it. A runtime that runs tasks inside the daemon cannot: its {@link #recover} then says
 * that they have ended. What else may be declined, and how, is in {@code TaskRuntimeHarness} of the
 * test kit: a call that a runtime has not is refused with {@link UnimplementedException}, never
 * ignored.
 */
@Deadline(30)
public interface TaskRuntime {
  /**
   * Prepares a task up to the point where the user's program would start.
   *
   * @throws AlreadyExistsException if the runtime has a task of that name
   */
  @Deadline(120)
  RuntimeState create(CreateTask task);

  /**
   * Takes up a task of an earlier daemon; afterwards all other calls work as before, also if it
   * ended meanwhile.
   */
  RuntimeState recover(TaskLocation location, RuntimeState state);

  /** Removes whatever a failed {@link #create} left: processes, mounts, cgroups. Idempotent. */
  @Deadline(60)
  void discard(TaskLocation location);

  /**
   * Starts a created process.
   *
   * @throws NotFoundException if the process is unknown
   * @throws FailedPreconditionException if it was started before
   */
  RuntimeState start(RuntimeState state, ProcessId process);

  /**
   * Adds a process; {@link #start} runs it.
   *
   * @throws AlreadyExistsException if the id is taken
   * @throws FailedPreconditionException if the task is paused or stopped
   */
  RuntimeState exec(RuntimeState state, ExecProcess exec);

  /**
   * Waits for a process to end; returns at once if it has. May be called before {@link #start}, and
   * by several callers.
   *
   * @throws NotFoundException if the process is unknown
   */
  @Deadline(Deadline.UNBOUNDED)
  ProcessStatus.ExitStatus await(RuntimeState state, ProcessId process) throws InterruptedException;

  /**
   * Where a process stands, from the kernel or its like, not from memory.
   *
   * @throws NotFoundException if the process is unknown
   */
  @Deadline(2)
  ProcessStatus status(RuntimeState state, ProcessId process);

  /**
   * Signals a process, or all of the task's.
   *
   * @throws NotFoundException {@code process already finished} if it has ended
   */
  void kill(RuntimeState state, ProcessId process, int signal, boolean all);

  /** Sets the terminal's size in characters. Legal before start. */
  void resize(RuntimeState state, ProcessId process, int width, int height);

  /** Ends a process's standard input. Idempotent. */
  void closeStdin(RuntimeState state, ProcessId process);

  /**
   * Opens the log of the task's output anew, after its file was renamed: what is written from now
   * on is in a new file of the old name, and nothing is lost.
   *
   * @throws UnimplementedException if the task's output is no log of the runtime's ({@code
   *     cri-log://})
   * @throws NotFoundException {@code process already finished} if it has ended
   */
  default void reopenLog(RuntimeState state) {
    throw new UnimplementedException("this runtime writes no logs");
  }

  /**
   * Connects to the streams of the task's first process: what it writes from now on, and its input.
   * Any number of connections may exist; each gets all output.
   *
   * @throws UnimplementedException if nobody can attach to this task's streams
   * @throws NotFoundException {@code process already finished} if it has ended
   */
  default TaskStreams attach(RuntimeState state) {
    throw new UnimplementedException("this runtime does not attach");
  }

  /**
   * Connects by TCP to a port that the task serves on its own loopback address, {@code 127.0.0.1}
   * or else {@code ::1}. The caller closes the connection; it may outlive the call's thread.
   *
   * @throws InvalidArgumentException if {@code port} is not one of 1 to 65535
   * @throws UnavailableException if nobody listens there
   * @throws FailedPreconditionException if the task is not running
   * @throws UnimplementedException if tasks of this runtime have no ports that it knows a way to
   */
  default SocketChannel connect(RuntimeState state, int port) {
    throw new UnimplementedException("this runtime connects to no ports");
  }

  /**
   * Stops all processes of the task where they are.
   *
   * @throws FailedPreconditionException if it is not running
   */
  RuntimeState pause(RuntimeState state);

  /**
   * Undoes {@link #pause}.
   *
   * @throws FailedPreconditionException if it is not paused
   */
  RuntimeState resume(RuntimeState state);

  /** The processes of the task, as numbers to show. */
  List<TaskProcess> processes(RuntimeState state);

  /**
   * Changes limits.
   *
   * @param resources the OCI runtime specification's {@code linux.resources} object, as JSON bytes
   */
  RuntimeState update(RuntimeState state, byte[] resources, Map<String, String> annotations);

  /** Statistics. */
  @Deadline(5)
  TaskMetrics metrics(RuntimeState state);

  /**
   * How many processes of the task the kernel has killed so far for want of memory. Never falls.
   *
   * @throws UnimplementedException where the runtime does not count; it then tells of kills itself,
   *     or only by {@link ProcessStatus.ExitStatus#oomKilled}
   */
  @Deadline(2)
  default long memoryKills(RuntimeState state) {
    throw new UnimplementedException("kills for want of memory are not counted");
  }

  /**
   * Waits until {@link #memoryKills} of some tasks may have grown and names them: at the moment of
   * the kill, and for each task that {@link #recover} took up. One wait serves all tasks, and the
   * daemon has one at a time. What is named once is not named again before the next kill.
   *
   * @throws UnimplementedException where the runtime does not count
   */
  @Deadline(Deadline.UNBOUNDED)
  default Set<TaskLocation> awaitMemoryKills() throws InterruptedException {
    throw new UnimplementedException("kills for want of memory are not counted");
  }

  /**
   * Writes a checkpoint.
   *
   * @throws UnimplementedException if what it takes is not installed; the message says what
   */
  @Deadline(600)
  void checkpoint(RuntimeState state, CheckpointRequest request);

  /**
   * Forgets a process that has ended or was never started; for {@link ProcessId#INIT} the whole
   * task with everything it held: processes left over, mounts, cgroups.
   *
   * @throws FailedPreconditionException {@code cannot delete a running process}
   * @throws NotFoundException if the process is unknown
   */
  @Deadline(60)
  DeletedProcess delete(RuntimeState state, ProcessId process);

  /**
   * What {@link #delete} leaves.
   *
   * @param state the task's new state; meaningless after {@link ProcessId#INIT}
   */
  record DeletedProcess(RuntimeState state, long pid, ProcessStatus.ExitStatus exit) {}

  /**
   * Whether what it takes to run tasks with these options is installed. Cheap: looks, and runs
   * nothing.
   */
  default boolean isInstalled(RuntimeOptions options) {
    return true;
  }

  /**
   * Id of the resource manager that keeps tasks with these options apart: it says what form their
   * {@code linux.cgroupsPath} has. Cheap, and the same for equal options.
   */
  @Direct
  default String resourceManager(RuntimeOptions options) {
    return options.flag("systemd_cgroup") ? "systemd" : "cgroupfs";
  }

  /** What this runtime is and can do, for {@code PluginInfo} and status displays. */
  RuntimeInfo info(RuntimeOptions options);

  /**
   * A runtime's own description.
   *
   * @param version as the runtime prints it
   * @param featuresJson the OCI runtime specification's features document, as JSON bytes; empty
   *     where unknown
   */
  record RuntimeInfo(
      String name, String version, byte[] featuresJson, Map<String, String> annotations) {
    public RuntimeInfo {
      annotations = Map.copyOf(annotations);
    }
  }
}
