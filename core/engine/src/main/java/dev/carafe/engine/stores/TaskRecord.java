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
 */
public record TaskRecord(
    String containerId,
    String runtime,
    Path bundle,
    RuntimeOptions options,
    String bootId,
    Map<String, Process> processes,
    @Nullable RuntimeState state) {
  public TaskRecord {
    processes = Map.copyOf(processes);
  }

  /** A process by exec id; the task's first one has the empty id. */
  public record Process(Stdio stdio, boolean started) {}
}
