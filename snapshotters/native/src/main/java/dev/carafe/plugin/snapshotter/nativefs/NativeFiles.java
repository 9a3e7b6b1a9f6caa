package dev.carafe.plugin.snapshotter.nativefs;

import dev.carafe.linux.Fd;
import dev.carafe.linux.FileCalls;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.plugin.snapshotter.support.SnapshotFiles;
import dev.carafe.plugin.snapshotter.support.SnapshotKind;
import dev.carafe.plugin.snapshotter.support.SnapshotPlace;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.snapshots.Capability;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * An active snapshot starts as a copy of its parent's files; a view is its parent's directory,
 * read-only.
 */
final class NativeFiles implements SnapshotFiles {
  private static final Set<Capability> CAPABILITIES =
      Set.of(Capability.CLEANUP, Capability.SURVIVES_RESTART);
  private static final int ROOT_MODE = 0755;

  @Override
  public Set<Capability> capabilities() {
    return CAPABILITIES;
  }

  @Override
  public void create(SnapshotPlace place) {
    RawPath files = RawPath.of(place.files());
    PathCalls.mkdirat(Fd.CWD, files, ROOT_MODE);
    PathCalls.fchmodat(Fd.CWD, files, ROOT_MODE);
    if (place.kind() == SnapshotKind.ACTIVE && !place.parents().isEmpty()) {
      TreeCopier.copy(place.parents().getFirst(), place.files(), place.work());
    }
  }

  /** Whoever wrote into the snapshot knows nothing of the files that were copied. */
  @Override
  public void seal(SnapshotPlace place) {
    try (Fd files = PathCalls.open(place.files(), OpenFlags.RDONLY, 0)) {
      FileCalls.syncfs(files);
    }
  }

  @Override
  public List<Mount> mounts(SnapshotPlace place) {
    boolean writable = place.kind() == SnapshotKind.ACTIVE;
    Path source =
        writable || place.parents().isEmpty() ? place.files() : place.parents().getFirst();
    return List.of(new Mount("bind", source.toString(), List.of(writable ? "rw" : "ro", "rbind")));
  }
}
