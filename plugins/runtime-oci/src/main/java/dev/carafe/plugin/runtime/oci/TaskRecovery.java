package dev.carafe.plugin.runtime.oci;

import dev.carafe.linux.EventLoop;
import dev.carafe.linux.Signals;
import dev.carafe.plugin.runtime.oci.TaskState.ProcessState;
import dev.carafe.spi.resources.GroupPlace;
import dev.carafe.spi.resources.ResourceManager;
import dev.carafe.spi.runtimes.ProcessId;
import java.nio.file.Files;
import java.util.List;

/**
 * Takes up what an earlier daemon left, from what the kernel shows now. Calls that were cut off are
 * brought to one side: a task that was let go counts as started, an exec that was not recorded as
 * started is ended.
 */
final class TaskRecovery {
  private TaskRecovery() {}

  static Task recover(EventLoop loop, TaskState known, ResourceManager resources) {
    TaskState state = known;
    if (!state.boot().equals(BootId.current())) {
      state = withoutProcesses(state);
    } else if (wasLetGo(state)) {
      state = state.with(ProcessId.INIT, ProcessState::letGo);
    }
    var task = new Task(loop, state, resources);
    takeUp(task, state.init());
    for (ProcessState exec : state.execs()) {
      if (exec.started()) {
        takeUp(task, exec);
      } else {
        endCutOff(state, exec);
      }
    }
    return task;
  }

  private static boolean wasLetGo(TaskState state) {
    return !state.init().started()
        && !state.init().process().isNone()
        && Files.isDirectory(state.settings().stateDirectory(state.id()))
        && !state.settings().awaitsStart(state.id());
  }

  /** After a reboot the numbers are others': only exit files tell. */
  private static TaskState withoutProcesses(TaskState state) {
    TaskState result = state.withInit(GroupPlace.NONE, gone(state.init()));
    for (ProcessState exec : state.execs()) {
      result = result.with(new ProcessId(exec.execId()), TaskRecovery::gone);
    }
    return result;
  }

  private static ProcessState gone(ProcessState process) {
    return new ProcessState(
        process.execId(),
        process.number(),
        process.stdio(),
        process.started(),
        new Pid(process.process().number(), 0),
        Pid.NONE,
        -1,
        List.of(),
        Pid.NONE,
        process.oomKills());
  }

  private static void takeUp(Task task, ProcessState process) {
    if (process.process().isNone()) {
      return;
    }
    LiveProcess live = task.live(new ProcessId(process.execId()));
    live.hold(LiveProcess.borrowTerminal(process));
    task.watch(process);
  }

  /** Nobody was told that it runs, and its terminal, if any, went with the daemon. */
  private static void endCutOff(TaskState state, ProcessState exec) {
    BundleLayout.ProcessFiles files = state.files(exec);
    if (!Files.exists(files.monitorPid())) {
      return;
    }
    Pid monitor = Conmon.monitor(files);
    if (!monitor.isNone()) {
      ProcessTree.descendants(monitor).forEach(process -> process.signal(Signals.SIGKILL));
    }
    ProcessTree.withVariable(Helpers.processTag(files.directory()))
        .forEach(process -> process.signal(Signals.SIGKILL));
  }
}
