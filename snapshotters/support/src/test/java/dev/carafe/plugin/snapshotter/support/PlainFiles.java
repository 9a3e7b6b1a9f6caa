package dev.carafe.plugin.snapshotter.support;

import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.snapshots.Capability;
import dev.carafe.testkit.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** Whole copies in plain directories. Needs no privilege. */
class PlainFiles implements SnapshotFiles {
  @Override
  public Set<Capability> capabilities() {
    return Set.of(Capability.CLEANUP, Capability.SURVIVES_RESTART);
  }

  @Override
  public void create(SnapshotPlace place) {
    try {
      Path files = Files.createDirectory(place.files());
      Files.setAttribute(files, "unix:mode", 0755);
      if (!place.parents().isEmpty()) {
        Trees.copy(place.parents().getFirst(), files);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public List<Mount> mounts(SnapshotPlace place) {
    String access = place.kind() == SnapshotKind.VIEW ? "ro" : "rw";
    return List.of(new Mount("bind", place.files().toString(), List.of(access, "rbind")));
  }
}
