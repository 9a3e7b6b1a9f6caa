package dev.carafe.testkit.runtimes;

import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
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
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A runtime that runs nothing: its processes are entries in memory and end when the test says so,
 * or by any signal but 0. Its tasks outlive the daemon as long as the object does.
 */
public final class MemoryTaskRuntime implements TaskRuntime {
  private final Map<String, Task> tasks = new LinkedHashMap<>();
  private final List<String> calls = new CopyOnWriteArrayList<>();
  private volatile Consumer<String> before = _ -> {};
  private int states;
  private long pids = 100;

  private static final class Task {
    private final Map<String, Process> processes = new LinkedHashMap<>();
    private boolean paused;
  }

  private static final class Process {
    private final long pid;
    private final CompletableFuture<ExitStatus> exit = new CompletableFuture<>();
    private boolean started;

    private Process(long pid) {
      this.pid = pid;
    }
  }

  /**
   * Lets something happen before each changing call, which may throw.
   *
   * @param action gets the method's name
   */
  public void before(Consumer<String> action) {
    before = action;
  }

  /** The changing calls so far: {@code METHOD NAMESPACE/ID[ EXEC]}. */
  public List<String> calls() {
    return List.copyOf(calls);
  }

  /** Names of the tasks that there are: {@code NAMESPACE/ID}. */
  public synchronized List<String> tasks() {
    return List.copyOf(tasks.keySet());
  }

  /** Ends a process. */
  public synchronized void exit(String task, String execId, int code) {
    process(task, new ProcessId(execId))
        .exit
        .complete(new ExitStatus(code, Instant.ofEpochSecond(code), false));
  }

  private void called(String method, String task, String more) {
    calls.add(more.isEmpty() ? method + " " + task : method + " " + task + " " + more);
    before.accept(method);
  }

  private synchronized RuntimeState next(String task) {
    states++;
    return new RuntimeState((task + " " + states).getBytes(StandardCharsets.UTF_8));
  }

  private static String name(RuntimeState state) {
    String text = new String(state.value(), StandardCharsets.UTF_8);
    return text.substring(0, text.indexOf(' '));
  }

  private Task task(String name) {
    Task task = tasks.get(name);
    if (task == null) {
      throw new NotFoundException("task " + name + " is unknown to the runtime");
    }
    return task;
  }

  private Process process(String name, ProcessId id) {
    Process process = task(name).processes.get(id.execId());
    if (process == null) {
      throw new NotFoundException("process " + id + " of task " + name + " not found");
    }
    return process;
  }

  @Override
  public RuntimeState create(CreateTask task) {
    String name = task.location().toString();
    called("create", name, "");
    synchronized (this) {
      if (tasks.containsKey(name)) {
        throw new AlreadyExistsException("container " + name + ": already exists");
      }
      Task made = new Task();
      made.processes.put("", new Process(pids++));
      tasks.put(name, made);
    }
    return next(name);
  }

  @Override
  public RuntimeState recover(TaskLocation location, RuntimeState state) {
    called("recover", location.toString(), "");
    synchronized (this) {
      task(location.toString());
    }
    return state;
  }

  @Override
  public void discard(TaskLocation location) {
    called("discard", location.toString(), "");
    synchronized (this) {
      tasks.remove(location.toString());
    }
  }

  @Override
  public RuntimeState start(RuntimeState state, ProcessId id) {
    called("start", name(state), id.execId());
    synchronized (this) {
      Process process = process(name(state), id);
      if (process.started) {
        throw new FailedPreconditionException("process " + id + " was started before");
      }
      process.started = true;
    }
    return next(name(state));
  }

  @Override
  public RuntimeState exec(RuntimeState state, ExecProcess exec) {
    called("exec", name(state), exec.id().execId());
    synchronized (this) {
      task(name(state)).processes.put(exec.id().execId(), new Process(pids++));
    }
    return next(name(state));
  }

  @Override
  public ExitStatus await(RuntimeState state, ProcessId id) throws InterruptedException {
    Process process;
    synchronized (this) {
      process = process(name(state), id);
    }
    try {
      return process.exit.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public ProcessStatus status(RuntimeState state, ProcessId id) {
    before.accept("status");
    synchronized (this) {
      Process process = process(name(state), id);
      ExitStatus exit = process.exit.getNow(null);
      if (exit != null) {
        return new ProcessStatus.Stopped(process.pid, exit);
      }
      if (!process.started) {
        return new ProcessStatus.Created(process.pid);
      }
      return task(name(state)).paused
          ? new ProcessStatus.Paused(process.pid)
          : new ProcessStatus.Running(process.pid);
    }
  }

  @Override
  public void kill(RuntimeState state, ProcessId id, int signal, boolean all) {
    called("kill", name(state), id.execId());
    synchronized (this) {
      Process process = process(name(state), id);
      if (process.exit.isDone()) {
        throw new NotFoundException("process already finished");
      }
      if (signal != 0) {
        process.exit.complete(new ExitStatus(128 + signal, Instant.ofEpochSecond(signal), false));
      }
    }
  }

  @Override
  public void resize(RuntimeState state, ProcessId id, int width, int height) {
    called("resize", name(state), width + "x" + height);
  }

  @Override
  public void closeStdin(RuntimeState state, ProcessId id) {
    called("closeStdin", name(state), id.execId());
  }

  @Override
  public RuntimeState pause(RuntimeState state) {
    called("pause", name(state), "");
    return pausing(state, true, "is not running");
  }

  @Override
  public RuntimeState resume(RuntimeState state) {
    called("resume", name(state), "");
    return pausing(state, false, "is not paused");
  }

  private RuntimeState pausing(RuntimeState state, boolean paused, String otherwise) {
    synchronized (this) {
      Task task = task(name(state));
      if (task.paused == paused) {
        throw new FailedPreconditionException("task " + name(state) + " " + otherwise);
      }
      task.paused = paused;
    }
    return next(name(state));
  }

  @Override
  public synchronized List<TaskProcess> processes(RuntimeState state) {
    List<TaskProcess> processes = new ArrayList<>();
    task(name(state))
        .processes
        .forEach((execId, process) -> processes.add(new TaskProcess(process.pid, execId)));
    return processes;
  }

  @Override
  public RuntimeState update(
      RuntimeState state, byte[] resources, Map<String, String> annotations) {
    called("update", name(state), new String(resources, StandardCharsets.UTF_8));
    return next(name(state));
  }

  @Override
  public TaskMetrics metrics(RuntimeState state) {
    before.accept("metrics");
    return new TaskMetrics(
        Instant.ofEpochSecond(7),
        TaskMetrics.CGROUPS_V2,
        Map.of("pids", Map.of("current", 3L, "limit", 9L)));
  }

  @Override
  public void checkpoint(RuntimeState state, CheckpointRequest request) {
    called("checkpoint", name(state), "");
  }

  @Override
  public DeletedProcess delete(RuntimeState state, ProcessId id) {
    called("delete", name(state), id.execId());
    long pid;
    ExitStatus exit;
    synchronized (this) {
      Process process = process(name(state), id);
      pid = process.pid;
      @Nullable ExitStatus known = process.exit.getNow(null);
      if (known == null && process.started) {
        throw new FailedPreconditionException("cannot delete a running process");
      }
      exit = known == null ? new ExitStatus(0, Instant.EPOCH, false) : known;
      process.exit.complete(exit);
      if (id.isInit()) {
        tasks.remove(name(state));
      } else {
        task(name(state)).processes.remove(id.execId());
      }
    }
    return new DeletedProcess(next(name(state)), pid, exit);
  }

  @Override
  public RuntimeInfo info(RuntimeOptions options) {
    return new RuntimeInfo("memory", "1", new byte[0], Map.of());
  }
}
