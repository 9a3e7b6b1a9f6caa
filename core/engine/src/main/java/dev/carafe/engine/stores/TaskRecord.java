package dev.carafe.engine.stores;

import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the daemon remembers of a task over a restart. Written before the runtime is called for the
 * first time (then without state: the intent), and after each call that changes the state.
 *
 * @param runtime plugin id of the runtime
 * @param state what the runtime last returned; null as long as {@code create} has not returned
 * @param bootId of the kernel that it runs on: after a reboot no task lives
 * @param memoryKills how many kills for want of memory have been told of
 */
public record TaskRecord(
    String containerId,
    String runtime,
    Path bundle,
    RuntimeOptions options,
    String bootId,
    Map<String, Process> processes,
    @Nullable RuntimeState state,
    long memoryKills) {
  public TaskRecord {
    processes = Map.copyOf(processes);
  }

  /** The same after a call that changed it. */
  public TaskRecord with(Map<String, Process> nextProcesses, RuntimeState next) {
    return new TaskRecord(
        containerId, runtime, bundle, options, bootId, nextProcesses, next, memoryKills);
  }

  /** The same after {@code kills} have been told of. */
  public TaskRecord withMemoryKills(long kills) {
    return new TaskRecord(containerId, runtime, bundle, options, bootId, processes, state, kills);
  }

  /** A process by exec id; the task's first one has the empty id. */
  public record Process(Stdio stdio, boolean started) {}
}
