package dev.carafe.cri;

import dev.carafe.engine.stores.Container;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Stores;
import dev.carafe.engine.stores.TypedValue;
import dev.carafe.engine.tasks.TaskManager;
import dev.carafe.linux.TreeRemover;
import dev.carafe.oci.Json;
import dev.carafe.oci.MediaTypes;
import dev.carafe.services.TransferFlows;
import dev.carafe.spi.diffs.DiffRequest;
import dev.carafe.spi.diffs.Differ;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.runtimes.CheckpointRequest;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.spi.snapshots.Snapshotter;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Checkpoints of containers as the archives that kubelets ask for: {@code checkpoint/} with CRIU's
 * files, {@code rootfs-diff.tar}, {@code config.dump}, {@code spec.dump}. The container runs on.
 */
final class Checkpoints {
  private final Records records;
  private final Metadata metadata;
  private final TaskManager tasks;
  private final CriImages images;
  private final List<Differ> differs;
  private final Path root;

  Checkpoints(
      Records records,
      Metadata metadata,
      TaskManager tasks,
      CriImages images,
      TransferFlows flows,
      Path root) {
    this.records = records;
    this.metadata = metadata;
    this.tasks = tasks;
    this.images = images;
    this.differs = flows.differs();
    this.root = root;
  }

  /**
   * Writes a checkpoint.
   *
   * @param location absolute path of the archive, which is complete or not there
   */
  void write(String id, String location) {
    CriContainer container = records.container(id);
    if (!container.running()) {
      throw new FailedPreconditionException("container " + container.id() + ": is not running");
    }
    if (!location.startsWith("/") || location.endsWith("/") || location.length() > 4096) {
      throw new InvalidArgumentException("checkpoint: location is not the absolute path of a file");
    }
    Path archive = Path.of(location);
    Path part = archive.resolveSibling(archive.getFileName() + ".part");
    Path directory = root.resolve("checkpoint-" + PodFlow.newId());
    try {
      Path dump = Files.createDirectories(directory.resolve("checkpoint"));
      tasks.checkpoint(
          Records.NAMESPACE,
          container.id(),
          new CheckpointRequest(dump, false, RuntimeOptions.NONE));
      describe(container, directory);
      layer(container, directory.resolve("rootfs-diff.tar"));
      tar(List.of(), List.of(bind(directory)), part);
      Files.move(part, archive, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException("checkpoint of container " + container.id(), e);
    } finally {
      TreeRemover.remove(directory);
      discard(part);
    }
  }

  private static void discard(Path part) {
    try {
      Files.deleteIfExists(part);
    } catch (IOException e) {
      throw new UncheckedIOException("checkpoint " + part, e);
    }
  }

  private void describe(CriContainer container, Path directory) throws IOException {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("id", container.id());
    config.put("name", container.config().getMetadata().getName());
    config.put("rootfsImage", container.config().getImage().getUserSpecifiedImage());
    config.put("rootfsImageRef", container.imageId());
    config.put("createdTime", container.createdAt().toString());
    config.put("checkpointedTime", Instant.now().toString());
    Files.write(directory.resolve("config.dump"), Json.bytes(config));
    Container record = metadata.stores(Records.NAMESPACE).containers().get(container.id());
    TypedValue spec = record.spec();
    Files.write(directory.resolve("spec.dump"), spec == null ? Json.bytes(Map.of()) : spec.value());
  }

  private void layer(CriContainer container, Path file) throws IOException {
    Stores stores = metadata.stores(Records.NAMESPACE);
    Snapshotter snapshotter = stores.snapshotter(images.snapshotter());
    SnapshotKey view = new SnapshotKey(container.id() + "-checkpoint");
    SnapshotKey own = new SnapshotKey(container.id());
    List<Mount> upper = snapshotter.mounts(own);
    List<Mount> lower =
        snapshotter.view(
            view, snapshotter.stat(own).parent(), Map.of(ImageVolumes.HELD_BY, container.id()));
    try {
      tar(lower, upper, file);
    } finally {
      snapshotter.remove(view);
    }
  }

  private void tar(List<Mount> lower, List<Mount> upper, Path file) throws IOException {
    var request = new DiffRequest(lower, upper, MediaTypes.OCI_LAYER, null);
    for (Differ differ : differs) {
      try (OutputStream out = new BufferedOutputStream(privateFile(file), 128 << 10)) {
        differ.diff(request, out);
        return;
      } catch (UnimplementedException e) {
        Files.delete(file);
      }
    }
    throw new UnimplementedException("checkpoint: no differ writes archives");
  }

  private static OutputStream privateFile(Path file) throws IOException {
    Files.deleteIfExists(file);
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    return Files.newOutputStream(file, StandardOpenOption.WRITE);
  }

  private static Mount bind(Path directory) {
    return new Mount("bind", directory.toString(), List.of("rbind", "rw"));
  }
}
