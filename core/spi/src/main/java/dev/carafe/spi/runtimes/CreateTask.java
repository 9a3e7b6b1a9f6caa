package dev.carafe.spi.runtimes;

import dev.carafe.spi.mounts.Mount;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A task to create.
 *
 * @param spec the OCI runtime specification's {@code config.json}, as JSON bytes
 * @param rootfs mounts of the root file system, to be performed by the runtime, or for it by {@link
 *     dev.carafe.spi.mounts.RootFileSystems}; empty if the specification names a prepared directory
 * @param checkpoint directory of a checkpoint to restore from, or null
 */
public record CreateTask(
    TaskLocation location,
    byte[] spec,
    List<Mount> rootfs,
    Stdio stdio,
    RuntimeOptions options,
    @Nullable Path checkpoint) {
  public CreateTask {
    rootfs = List.copyOf(rootfs);
  }
}
