package dev.carafe.plugin.diff.tar;

import dev.carafe.linux.DirectoryReader;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.RawPath;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.errors.UnavailableException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Writes a part of a tree as it is: no whiteouts, no names that mean something else. */
final class TreeArchive {
  private final TarDifferConfig config;
  private final BufferPool buffers;

  TreeArchive(TarDifferConfig config, BufferPool buffers) {
    this.config = config;
    this.buffers = buffers;
  }

  /**
   * Writes one file, or a directory with everything below it.
   *
   * @param directory the parent, or the thing itself where the path is followed
   */
  void write(Fd directory, ContainerPath path, boolean alone, OutputStream archive) {
    RawPath name = path.followed() ? RawPath.DOT : RawPath.of(path.name());
    TreeFile file = TreeFile.find(directory, name);
    if (file == null) {
      throw new NotFoundException("not found");
    }
    RawPath shown = path.name().isEmpty() ? RawPath.DOT : RawPath.of(path.name());
    var pipeline = new Pipeline("carafe-files", "copy");
    try (var chunks = new ChunkFan(pipeline, buffers, config.buffers(), 1)) {
      pipeline.run(() -> {
        var read =
            pipeline.start("read", () -> read(file, shown, alone, chunks, pipeline::checkpoint));
        send(chunks, archive);
        return pipeline.await(read);
      });
    }
  }

  private boolean read(
      TreeFile file, RawPath name, boolean alone, ChunkFan chunks, Runnable checkpoint)
      throws InterruptedException {
    var tar = new TarWriter(new ArchiveOutput(chunks));
    var changes = new ChangeWriter(tar, new LinkGroups(config.maxEntries()), null, false);
    changes.changed(name, file);
    if (!alone && file.isDirectory()) {
      try (Fd directory = file.openDirectory()) {
        walk(directory, name, changes, checkpoint, 0);
      }
    }
    tar.finish();
    return true;
  }

  private void walk(
      Fd directory, RawPath path, ChangeWriter changes, Runnable checkpoint, int depth)
      throws InterruptedException {
    if (depth > config.maxDepth()) {
      throw new ResourceExhaustedException("more than " + config.maxDepth() + " components");
    }
    for (RawPath name : names(directory)) {
      checkpoint.run();
      RawPath full = path.equals(RawPath.DOT) ? name : path.resolve(name);
      TreeFile file = TreeFile.find(directory, name);
      if (file == null) {
        continue;
      }
      try {
        changes.changed(full, file);
        if (file.isDirectory()) {
          try (Fd below = file.openDirectory()) {
            walk(below, full, changes, checkpoint, depth + 1);
          }
        }
      } catch (ErrnoException e) {
        throw Failures.of("\"" + EntryName.show(full.bytes()) + "\"", e);
      }
    }
  }

  private TreeSet<RawPath> names(Fd directory) {
    TreeSet<RawPath> names = new TreeSet<>();
    try (DirectoryReader reader = DirectoryReader.open(directory)) {
      for (DirectoryReader.@Nullable Entry entry = reader.next();
          entry != null;
          entry = reader.next()) {
        names.add(entry.name());
        if (names.size() > config.maxEntries()) {
          throw new ResourceExhaustedException(
              "a directory with more than " + config.maxEntries() + " names");
        }
      }
    }
    return names;
  }

  private static void send(ChunkFan chunks, OutputStream archive) throws InterruptedException {
    ChunkFan.forEach(
        chunks.output(0),
        chunk -> {
          var view = chunk.view();
          byte[] bytes = new byte[view.remaining()];
          view.get(bytes);
          try {
            archive.write(bytes);
          } catch (InterruptedIOException e) {
            throw new CancelledException("cancelled while writing", e);
          } catch (IOException e) {
            throw new UnavailableException("while writing: " + e.getMessage(), e);
          }
        });
  }
}
