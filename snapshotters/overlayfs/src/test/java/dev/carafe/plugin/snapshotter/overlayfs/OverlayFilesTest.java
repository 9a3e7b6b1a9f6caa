package dev.carafe.plugin.snapshotter.overlayfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.plugin.snapshotter.support.SnapshotKind;
import dev.carafe.plugin.snapshotter.support.SnapshotPlace;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.snapshots.Capability;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class OverlayFilesTest {
  private static final OverlayFeatures PLAIN = new OverlayFeatures(false, false);
  private static final OverlayFiles FILES = new OverlayFiles(PLAIN, OverlayfsConfig.DEFAULT);

  private static SnapshotPlace place(SnapshotKind kind, String... parents) {
    return new SnapshotPlace(
        kind, Path.of("/r/snapshots/9"), List.of(parents).stream().map(Path::of).toList());
  }

  private static OverlayFiles with(OverlayFeatures features, String... mountOptions) {
    return new OverlayFiles(features, new OverlayfsConfig("", false, false, List.of(mountOptions)));
  }

  @Test
  void firstLayerIsBindMount() {
    assertEquals(
        List.of(new Mount("bind", "/r/snapshots/9/fs", List.of("rw", "rbind"))),
        FILES.mounts(place(SnapshotKind.ACTIVE)));
    assertEquals(
        List.of(new Mount("bind", "/r/snapshots/9/fs", List.of("ro", "rbind"))),
        FILES.mounts(place(SnapshotKind.VIEW)));
  }

  @Test
  void viewOfOneLayerIsBindMountOfThat() {
    assertEquals(
        List.of(new Mount("bind", "/r/snapshots/1/fs", List.of("ro", "rbind"))),
        FILES.mounts(place(SnapshotKind.VIEW, "/r/snapshots/1/fs")));
  }

  @Test
  void everythingElseIsOverlayNewestFirst() {
    assertEquals(
        List.of(
            new Mount(
                "overlay",
                "overlay",
                List.of(
                    "workdir=/r/snapshots/9/work",
                    "upperdir=/r/snapshots/9/fs",
                    "lowerdir=/r/snapshots/2/fs:/r/snapshots/1/fs"))),
        FILES.mounts(place(SnapshotKind.ACTIVE, "/r/snapshots/2/fs", "/r/snapshots/1/fs")));
    assertEquals(
        List.of(new Mount("overlay", "overlay", List.of("lowerdir=/b/fs:/a/fs"))),
        FILES.mounts(place(SnapshotKind.VIEW, "/b/fs", "/a/fs")));
  }

  @Test
  void indexIsTurnedOffWhereItIsKnown() {
    List<Mount> mounts =
        with(new OverlayFeatures(true, false)).mounts(place(SnapshotKind.VIEW, "/b", "/a"));
    assertEquals(List.of("index=off", "lowerdir=/b:/a"), mounts.getFirst().options());
  }

  @Test
  void userNamespaceNeedsUserxattrAndCannotRebase() {
    OverlayFiles files = with(new OverlayFeatures(true, true));
    assertEquals(
        List.of("index=off", "userxattr", "lowerdir=/b:/a"),
        files.mounts(place(SnapshotKind.VIEW, "/b", "/a")).getFirst().options());
    assertEquals(Set.of(Capability.CLEANUP, Capability.SURVIVES_RESTART), files.capabilities());
    assertEquals(Set.of(Capability.values()), FILES.capabilities());
  }

  @Test
  void volatileIsForWritableMounts() {
    OverlayFiles files = with(PLAIN, "volatile", "xino=off");
    assertEquals(
        List.of("xino=off", "lowerdir=/b:/a"),
        files.mounts(place(SnapshotKind.VIEW, "/b", "/a")).getFirst().options());
    assertEquals(
        List.of("volatile", "xino=off"),
        files.mounts(place(SnapshotKind.ACTIVE, "/a")).getFirst().options().subList(0, 2));
  }

  @Test
  void separatorsInPathsAreEscaped() {
    assertEquals("/a\\:b\\,c\\\\d", OverlayFiles.escaped(Path.of("/a:b,c\\d")));
  }

  @Test
  void upperDirectoryIsShownOnRequest() {
    OverlayFiles files = new OverlayFiles(PLAIN, new OverlayfsConfig("", true, false, List.of()));
    assertEquals(
        Map.of("containerd.io/snapshot/overlay.upperdir", "/r/snapshots/9/fs"),
        files.labels(Path.of("/r/snapshots/9/fs")));
    assertEquals(Map.of(), FILES.labels(Path.of("/r")));
  }

  @Test
  void ownOptionsCannotBeConfigured() {
    for (String option : List.of("lowerdir=/x", "upperdir=/x", "ro", "", "a,b", "=x")) {
      assertThrows(InvalidArgumentException.class, () -> with(PLAIN, option), option);
    }
    assertThrows(
        InvalidArgumentException.class,
        () -> new OverlayfsConfig("relative", false, false, List.of()));
  }

  @Test
  void firstUserNamespaceMapsAll() {
    assertEquals(true, OverlayFeatures.mapsAll("         0          0 4294967295\n"));
    assertEquals(false, OverlayFeatures.mapsAll("         0       1000          1\n"));
  }
}
