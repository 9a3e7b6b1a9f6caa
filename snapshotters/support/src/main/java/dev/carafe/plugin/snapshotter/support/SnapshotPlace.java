package dev.carafe.plugin.snapshotter.support;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * One snapshot as its files are concerned.
 *
 * @param directory its own; what is in it besides {@link #files} is the snapshotter's business
 * @param parents the files of the snapshots below, newest first
 */
public record SnapshotPlace(
    SnapshotKind kind, Path directory, List<Path> parents, Map<String, String> labels) {
  public SnapshotPlace {
    parents = List.copyOf(parents);
    labels = Map.copyOf(labels);
  }

  /** Without labels. */
  public SnapshotPlace(SnapshotKind kind, Path directory, List<Path> parents) {
    this(kind, directory, parents, Map.of());
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
