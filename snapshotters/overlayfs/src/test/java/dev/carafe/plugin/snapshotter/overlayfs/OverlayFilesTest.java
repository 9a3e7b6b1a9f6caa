package dev.carafe.plugin.snapshotter.overlayfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.plugin.snapshotter.support.SnapshotKind;
import dev.carafe.plugin.snapshotter.support.SnapshotPlace;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.snapshots.Capability;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class OverlayFilesTest {
  private static final OverlayFeatures PLAIN = new OverlayFeatures(false, false, false);
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
        with(new OverlayFeatures(true, false, false)).mounts(place(SnapshotKind.VIEW, "/b", "/a"));
    assertEquals(List.of("index=off", "lowerdir=/b:/a"), mounts.getFirst().options());
  }

  @Test
  void userNamespaceNeedsUserxattrAndCannotRebase() {
    OverlayFiles files = with(new OverlayFeatures(true, true, false));
    assertEquals(
        List.of("index=off", "userxattr", "lowerdir=/b:/a"),
        files.mounts(place(SnapshotKind.VIEW, "/b", "/a")).getFirst().options());
    assertEquals(Set.of(Capability.CLEANUP, Capability.SURVIVES_RESTART), files.capabilities());
    assertEquals(
        EnumSet.complementOf(EnumSet.of(Capability.REMOTE, Capability.REMAP_IDS)),
        FILES.capabilities());
  }

  private static SnapshotPlace mapped(SnapshotKind kind, String uids, String... parents) {
    return new SnapshotPlace(
        kind,
        Path.of("/r/snapshots/9"),
        List.of(parents).stream().map(Path::of).toList(),
        Map.of(
            "containerd.io/snapshot/uidmapping",
            uids,
            "containerd.io/snapshot/gidmapping",
            "0:200000:65536"));
  }

  @Test
  void mappingsOfIdsAreOptionsOfWhatHasLowerLayers() {
    OverlayFiles files = with(new OverlayFeatures(false, false, true));
    String ids = "0:100000:65536";
    List<String> options = List.of("uidmap=0:100000:65536", "gidmap=0:200000:65536");
    assertEquals(
        options,
        files.mounts(mapped(SnapshotKind.ACTIVE, ids, "/a")).getFirst().options().subList(0, 2));
    assertEquals(
        options,
        files.mounts(mapped(SnapshotKind.VIEW, ids, "/a")).getFirst().options().subList(0, 2));
    assertEquals(
        List.of("rw", "rbind"),
        files.mounts(mapped(SnapshotKind.ACTIVE, ids)).getFirst().options());
    assertEquals(EnumSet.complementOf(EnumSet.of(Capability.REMOTE)), files.capabilities());
  }

  @Test
  void mappingsThatAreNoneOrCannotBeHadAreRefused() {
    OverlayFiles files = with(new OverlayFeatures(false, false, true));
    assertThrows(
        InvalidArgumentException.class,
        () -> files.mounts(mapped(SnapshotKind.ACTIVE, "0:1:0", "/a")));
    assertThrows(
        InvalidArgumentException.class, () -> files.mounts(mapped(SnapshotKind.ACTIVE, "", "/a")));
    assertThrows(
        FailedPreconditionException.class,
        () -> FILES.mounts(mapped(SnapshotKind.ACTIVE, "0:1:1", "/a")));
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
