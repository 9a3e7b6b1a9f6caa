package dev.carafe.plugin.runtime.shim;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.carafe.api.runc.v1.ProcessDetails;
import dev.carafe.api.task.v3.StateResponse;
import dev.carafe.api.types.v1.ProcessInfo;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import dev.carafe.spi.runtimes.TaskProcess;

/** Where processes stand, as their shim says, and what that allows. */
final class TaskStatus {
  private TaskStatus() {}

  /**
   * Where a process stands; unknown where the shim does not answer.
   *
   * @throws NotFoundException if there is no such process
   */
  static ProcessStatus status(ShimTask task, ProcessId process) {
    requireKnown(task, process);
    long pid = process.isInit() ? task.state().pid() : 0;
    ExitStatus dead = task.dead();
    if (dead != null) {
      return new ProcessStatus.Stopped(pid, dead);
    }
    try {
      return status(task.call(client -> client.state(process.execId())));
    } catch (ShimGoneException | DeadlineExceededException | UnavailableException _) {
      return new ProcessStatus.Unknown(pid);
    } catch (NotFoundException e) {
      if (process.isInit()) {
        return new ProcessStatus.Unknown(pid);
      }
      throw e;
    } catch (InterruptedException e) {
      throw ShimFailures.cancelled(named(task, process), e);
    }
  }

  private static ProcessStatus status(StateResponse response) {
    long pid = Integer.toUnsignedLong(response.getPid());
    return switch (response.getStatus()) {
      case CREATED -> new ProcessStatus.Created(pid);
      case RUNNING -> new ProcessStatus.Running(pid);
      case PAUSING -> new ProcessStatus.Pausing(pid);
      case PAUSED -> new ProcessStatus.Paused(pid);
      case STOPPED ->
          new ProcessStatus.Stopped(
              pid,
              new ExitStatus(
                  response.getExitStatus(), ShimTask.instant(response.getExitedAt()), false));
      case UNKNOWN, UNRECOGNIZED -> new ProcessStatus.Unknown(pid);
    };
  }

  /**
   * Refuses an exec that was never added, or has been deleted.
   *
   * @throws NotFoundException if so
   */
  static void requireKnown(ShimTask task, ProcessId process) {
    if (!process.isInit() && task.state().exec(process.execId()).isEmpty()) {
      throw new NotFoundException(
          "exec \"" + process.execId() + "\" in task " + task.state().location() + ": not found");
    }
  }

  /**
   * Refuses what the first process's status does not allow.
   *
   * @throws FailedPreconditionException if it is none of {@code allowed}
   */
  @SafeVarargs
  static void require(ShimTask task, String action, Class<? extends ProcessStatus>... allowed) {
    ProcessStatus status = status(task, ProcessId.INIT);
    for (Class<? extends ProcessStatus> one : allowed) {
      if (one.isInstance(status)) {
        return;
      }
    }
    if (status instanceof ProcessStatus.Unknown) {
      throw new UnavailableException(
          "task " + task.state().location() + ": its shim does not answer");
    }
    throw new FailedPreconditionException(
        "cannot " + action + " task " + task.state().location() + ": it is " + word(status));
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

  static String named(ShimTask task, ProcessId id) {
    return id.isInit()
        ? "task " + task.state().location()
        : "exec " + id + " in task " + task.state().location();
  }

  /** A process of the task, with the exec that it belongs to where the shim says so. */
  static TaskProcess process(ProcessInfo info) {
    String execId = "";
    if (info.getInfo().getTypeUrl().endsWith("containerd.runc.v1.ProcessDetails")) {
      try {
        execId = ProcessDetails.parseFrom(info.getInfo().getValue()).getExecId();
      } catch (InvalidProtocolBufferException _) {
        // Only shown.
      }
    }
    return new TaskProcess(Integer.toUnsignedLong(info.getPid()), execId);
  }
}
