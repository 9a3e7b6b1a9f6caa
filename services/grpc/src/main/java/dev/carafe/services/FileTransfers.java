package dev.carafe.services;

import dev.carafe.api.types.transfer.ContainerPath;
import dev.carafe.api.types.transfer.ReadStream;
import dev.carafe.api.types.transfer.WriteStream;
import dev.carafe.engine.stores.Container;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.Stores;
import dev.carafe.engine.tasks.TaskManager;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.files.ContainerFiles;
import dev.carafe.spi.files.ContainerFiles.Root;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.snapshots.SnapshotKey;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Files of a container as archives over streams: of its running task where there is one, mounts of
 * its own included, else of its snapshot.
 */
final class FileTransfers {
  private final Metadata metadata;
  private final TaskManager tasks;
  private final ContainerFiles files;
  private final StreamRegistry streams;

  FileTransfers(
      Metadata metadata, TaskManager tasks, ContainerFiles files, StreamRegistry streams) {
    this.metadata = metadata;
    this.tasks = tasks;
    this.files = files;
    this.streams = streams;
  }

  void copyOut(ContainerPath source, WriteStream destination) throws IOException {
    Namespace namespace = Calls.namespace();
    checkType(destination.getMediaType());
    Root root = root(namespace, source.getContainerId());
    StreamRegistry.OpenStream stream = streams.get(namespace, destination.getStream());
    try (SentData archive = new SentData(stream)) {
      try {
        files.read(root, source.getPath(), source.getNoWalk(), archive);
      } catch (RuntimeException e) {
        stream.close();
        throw e;
      }
    }
  }

  void copyIn(ReadStream source, ContainerPath destination) {
    Namespace namespace = Calls.namespace();
    checkType(source.getMediaType());
    Root root = root(namespace, destination.getContainerId());
    try (ReceivedData archive = new ReceivedData(streams.get(namespace, source.getStream()))) {
      files.write(root, destination.getPath(), destination.getPreserveOwnership(), archive);
    }
  }

  /** Archives are tar; what they are packed with shows in their first bytes. */
  private static void checkType(String mediaType) {
    if (!mediaType.isEmpty()
        && !mediaType.startsWith("application/x-tar")
        && !mediaType.startsWith("application/vnd.oci.image.layer.v1.tar")) {
      throw new InvalidArgumentException("media type \"" + mediaType + "\" is no tar archive");
    }
  }

  private Root root(Namespace namespace, String id) {
    Stores stores = metadata.stores(namespace);
    Container container = stores.containers().get(id);
    Root running = runningRoot(namespace, id);
    if (running != null) {
      return running;
    }
    if (container.snapshotKey().isEmpty()) {
      throw new FailedPreconditionException(
          "container \"" + id + "\" does not run and has no snapshot");
    }
    return new Root.Mounted(
        stores
            .snapshotter(container.snapshotter())
            .mounts(new SnapshotKey(container.snapshotKey())));
  }

  /** Named between two answers of the runtime that the task runs under this number: the task's. */
  private @Nullable Root runningRoot(Namespace namespace, String id) {
    long pid = runningProcess(namespace, id);
    if (pid == 0) {
      return null;
    }
    try {
      Root root = files.process(pid);
      return runningProcess(namespace, id) == pid ? root : null;
    } catch (NotFoundException e) {
      // It has just ended.
      return null;
    }
  }

  private long runningProcess(Namespace namespace, String id) {
    try {
      return switch (tasks.get(namespace, id, "").status()) {
        case ProcessStatus.Running running -> running.pid();
        case ProcessStatus.Pausing pausing -> pausing.pid();
        case ProcessStatus.Paused paused -> paused.pid();
        // It has its root only once it runs.
        case ProcessStatus.Created _, ProcessStatus.Stopped _, ProcessStatus.Unknown _ -> 0;
      };
    } catch (NotFoundException e) {
      return 0;
    }
  }
}
