package dev.carafe.plugin.snapshotter.support;

import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.snapshots.Capability;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a snapshot's directory holds and how it is shown: the part of a snapshotter that {@link
 * DirectorySnapshotter} leaves open.
 *
 * <p>You are guaranteed: parents are committed and stay so during a call; calls for one snapshot
 * come one at a time; calls for different ones come at the same time.
 */
public interface SnapshotFiles {
  /** Fixed for the life of the instance. */
  Set<Capability> capabilities();

  /**
   * Fills the directory of a new active snapshot or view. The directory exists and is empty; it
   * gets its final name afterwards, so nothing that is written may mention it. After a failure it
   * is removed.
   */
  void create(SnapshotPlace place);

  /** The mounts of an active snapshot or a view. Must be the same each time and touch nothing. */
  List<Mount> mounts(SnapshotPlace place);

  /**
   * Called before an active snapshot becomes a committed one. The caller has forced the files to
   * the medium.
   */
  default void seal(SnapshotPlace place) {}

  /**
   * Labels that are shown with a snapshot and not stored.
   *
   * @param files the snapshot's own files
   */
  default Map<String, String> labels(Path files) {
    return Map.of();
  }

  /** Whether the directory goes with {@code remove}, and not with the next {@code cleanup}. */
  default boolean removesAtOnce() {
    return false;
  }
}
