package dev.carafe.engine.tasks;

import dev.carafe.spi.events.Event;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.Stdio;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A task to create for a container that exists.
 *
 * @param rootfs mounts of the root file system; empty if the container's specification names a
 *     prepared directory
 * @param runtime name of a runtime or path of a shim in place of the container's, or empty
 * @param options overlaid on those of the handler and of the container
 * @param checkpoint directory with a checkpoint to restore from, or null
 */
public record TaskRequest(
    String containerId,
    List<Mount> rootfs,
    Stdio stdio,
    String runtime,
    RuntimeOptions options,
    @Nullable Path checkpoint) {
  public TaskRequest {
    rootfs = List.copyOf(rootfs);
  }

  /** With the container's own runtime. */
  public TaskRequest(
      String containerId,
      List<Mount> rootfs,
      Stdio stdio,
      RuntimeOptions options,
      @Nullable Path checkpoint) {
    this(containerId, rootfs, stdio, "", options, checkpoint);
  }

  /** That it was created. */
  Event created(Path bundle, long pid) {
    return new Event.TaskCreated(
        containerId,
        bundle.toString(),
        rootfs,
        stdio.stdin(),
        stdio.stdout(),
        stdio.stderr(),
        stdio.terminal(),
        checkpoint == null ? "" : checkpoint.toString(),
        pid);
  }
}
