package dev.carafe.services;

import dev.carafe.engine.pull.LayerApplier;
import dev.carafe.engine.stores.Container;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.Stores;
import dev.carafe.engine.stores.TypedValue;
import dev.carafe.engine.tasks.TaskManager;
import dev.carafe.oci.MediaTypes;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.diffs.DiffRequest;
import dev.carafe.spi.diffs.Whiteouts;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.runtimes.CheckpointRequest;
import dev.carafe.spi.runtimes.RuntimeOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Checkpoints of tasks as content, and content as directories to restore from. */
final class Checkpoints {
  static final String CRIU = "application/vnd.containerd.container.criu.checkpoint.criu.tar";
  static final String CONFIG = "application/vnd.containerd.container.checkpoint.config.v1+proto";

  private final TaskManager tasks;
  private final LayerApplier applier;
  private final DiffWriter writer;
  private final Path scratch;

  /**
   * Makes checkpoints.
   *
   * @param scratch private directory for files on their way
   */
  Checkpoints(TaskManager tasks, LayerApplier applier, DiffWriter writer, Path scratch) {
    this.tasks = tasks;
    this.applier = applier;
    this.writer = writer;
    this.scratch = scratch;
  }

  /** A directory to restore from, gone when closed; or none. */
  record Restore(@Nullable Path directory, boolean temporary) implements AutoCloseable {
    @Override
    public void close() {
      if (temporary && directory != null) {
        delete(directory);
      }
    }
  }

  /** Unpacks a checkpoint; without one, the options may name a directory. */
  Restore restore(ContentStore content, @Nullable Descriptor checkpoint, RuntimeOptions options)
      throws IOException, InterruptedException {
    if (checkpoint == null) {
      String path = options.text("criu_image_path");
      return new Restore(path.isEmpty() ? null : Path.of(path), false);
    }
    if (!checkpoint.mediaType().equals(CRIU)) {
      throw new InvalidArgumentException(
          "checkpoint " + checkpoint.digest() + " has media type " + checkpoint.mediaType());
    }
    Path directory = Files.createTempDirectory(scratch, "restore-");
    Restore restore = new Restore(directory, true);
    try (BlobReader blob = content.open(checkpoint.digest())) {
      applier.apply(
          new Descriptor(MediaTypes.OCI_LAYER, checkpoint.digest(), checkpoint.size()),
          blob.stream(0),
          List.of(bind(directory)),
          Whiteouts.DELETE,
          false,
          Map.of());
      return restore;
    } catch (RuntimeException | InterruptedException e) {
      restore.close();
      throw e;
    }
  }

  /** Writes a checkpoint, to where the options say or as content; returns the blobs. */
  List<Descriptor> checkpoint(Namespace namespace, Stores stores, String id, RuntimeOptions options)
      throws IOException {
    String imagePath = options.text("image_path");
    if (!imagePath.isEmpty()) {
      tasks.checkpoint(
          namespace, id, new CheckpointRequest(Path.of(imagePath), options.flag("exit"), options));
      return List.of();
    }
    Container container = stores.containers().get(id);
    Path directory = Files.createTempDirectory(scratch, "checkpoint-");
    try {
      tasks.checkpoint(
          namespace, id, new CheckpointRequest(directory, options.flag("exit"), options));
      List<Descriptor> written = new ArrayList<>();
      written.add(
          writer.write(
              stores.content(),
              new DiffRequest(List.of(), List.of(bind(directory)), MediaTypes.OCI_LAYER, null),
              CRIU,
              "",
              Map.of()));
      TypedValue spec = container.spec();
      if (spec != null) {
        written.add(store(stores.content(), Anys.any(spec).toByteArray()));
      }
      return written;
    } finally {
      delete(directory);
    }
  }

  private static Descriptor store(ContentStore content, byte[] bytes) {
    Digest digest = Digest.of(bytes);
    Descriptor descriptor = new Descriptor(CONFIG, digest, bytes.length);
    try (ContentWriter writer =
        content.writer(new IngestRequest("checkpoint-config-" + digest, bytes.length, digest))) {
      writer.truncate();
      writer.write(ByteBuffer.wrap(bytes));
      writer.commit(bytes.length, digest, Map.of());
    } catch (AlreadyExistsException e) {
      return descriptor;
    }
    return descriptor;
  }

  private static Mount bind(Path directory) {
    return new Mount("bind", directory.toString(), List.of("rbind", "rw"));
  }

  private static void delete(Path directory) {
    try {
      Files.walkFileTree(
          directory,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Files.delete(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException failure)
                throws IOException {
              Files.delete(visited);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
