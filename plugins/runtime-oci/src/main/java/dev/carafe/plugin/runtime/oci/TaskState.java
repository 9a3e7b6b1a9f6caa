package dev.carafe.plugin.runtime.oci;

import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.resources.GroupPlace;
import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.spi.runtimes.TaskLocation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * What is remembered of a task; {@link StateCodec} writes it.
 *
 * @param boot the kernel's boot id: process numbers of another boot mean nothing
 * @param checkpoint directory that {@code start} restores from, or empty
 * @param cgroup the first process's; {@link GroupPlace#NONE} until there is one
 * @param plain whether the OCI runtime has nothing to do after the creation but what this plugin
 *     can do as well: no poststart or poststop hooks, no systemd unit, no Intel RDT group
 * @param ownPids whether the end of the first process ends all others
 * @param nextExec number of the next exec's directory
 */
record TaskState(
    String boot,
    String namespace,
    String id,
    String bundle,
    RuntimeSettings settings,
    String checkpoint,
    GroupPlace cgroup,
    boolean plain,
    boolean ownPids,
    ProcessState init,
    List<ProcessState> execs,
    int nextExec) {

  TaskState {
    execs = List.copyOf(execs);
  }

  /**
   * One process of the task.
   *
   * @param execId empty for the first
   * @param number of its directory, 0 for the first
   * @param started whether the user's program was let go
   * @param process the process, or {@link Pid#NONE} before it exists
   * @param monitor its conmon
   * @param stdinKeeper descriptor in conmon that keeps the writing end of stdin, or -1
   * @param sinks helpers that take its output; they end with it
   * @param feeder the helper that brings a terminal its input; it has to be ended
   * @param oomKills how often the kernel had killed in its cgroup before
   */
  record ProcessState(
      String execId,
      int number,
      Stdio stdio,
      boolean started,
      Pid process,
      Pid monitor,
      int stdinKeeper,
      List<Pid> sinks,
      Pid feeder,
      long oomKills) {
    ProcessState {
      sinks = List.copyOf(sinks);
    }

    static ProcessState added(String execId, int number, Stdio stdio) {
      return new ProcessState(
          execId, number, stdio, false, Pid.NONE, Pid.NONE, -1, List.of(), Pid.NONE, 0);
    }

    boolean isInit() {
      return execId.isEmpty();
    }

    ProcessState launched(Conmon.Launched launched, long oomKillsBefore) {
      return new ProcessState(
          execId,
          number,
          stdio,
          started,
          launched.process(),
          launched.monitor(),
          launched.stdinKeeper(),
          launched.sinks(),
          launched.feeder(),
          oomKillsBefore);
    }

    ProcessState letGo() {
      return new ProcessState(
          execId, number, stdio, true, process, monitor, stdinKeeper, sinks, feeder, oomKills);
    }
  }

  TaskLocation location() {
    return new TaskLocation(namespace, id, Path.of(bundle));
  }

  BundleLayout layout() {
    return new BundleLayout(Path.of(bundle));
  }

  BundleLayout.ProcessFiles files(ProcessState process) {
    return process.isInit() ? layout().initFiles() : layout().execFiles(process.number());
  }

  Optional<ProcessState> find(ProcessId id) {
    return id.isInit()
        ? Optional.of(init)
        : execs.stream().filter(exec -> exec.execId().equals(id.execId())).findFirst();
  }

  ProcessState process(ProcessId wanted) {
    return find(wanted)
        .orElseThrow(() ->
            new NotFoundException(
                "exec \"" + wanted.execId() + "\" in task " + location() + ": not found"));
  }

  TaskState with(ProcessId process, UnaryOperator<ProcessState> change) {
    if (process.isInit()) {
      return withInit(cgroup, change.apply(init));
    }
    return withExecs(
        execs.stream()
            .map(exec -> exec.execId().equals(process.execId()) ? change.apply(exec) : exec)
            .toList(),
        nextExec);
  }

  TaskState withInit(GroupPlace group, ProcessState process) {
    return new TaskState(
        boot,
        namespace,
        id,
        bundle,
        settings,
        checkpoint,
        group,
        plain,
        ownPids,
        process,
        execs,
        nextExec);
  }

  TaskState withExec(ProcessState exec) {
    var all = new ArrayList<>(execs);
    all.add(exec);
    return withExecs(all, nextExec + 1);
  }

  TaskState without(ProcessId process) {
    return withExecs(
        execs.stream().filter(exec -> !exec.execId().equals(process.execId())).toList(), nextExec);
  }

  private TaskState withExecs(List<ProcessState> all, int next) {
    return new TaskState(
        boot, namespace, id, bundle, settings, checkpoint, cgroup, plain, ownPids, init, all, next);
  }
}
