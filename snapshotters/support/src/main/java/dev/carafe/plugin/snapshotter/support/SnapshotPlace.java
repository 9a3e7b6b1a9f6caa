package dev.carafe.plugin.snapshotter.support;

import java.nio.file.Path;
import java.util.List;

/**
 * One snapshot as its files are concerned.
 *
 * @param directory its own; what is in it besides {@link #files} is the snapshotter's business
 * @param parents the files of the snapshots below, newest first
 */
public record SnapshotPlace(SnapshotKind kind, Path directory, List<Path> parents) {
  public SnapshotPlace {
    parents = List.copyOf(parents);
  }

  /** The snapshot's own files. */
  public Path files() {
    return SnapshotLayout.files(directory);
  }

  /** Scratch space beside the files, on the same file system. */
  public Path work() {
    return SnapshotLayout.work(directory);
  }
}
