package dev.carafe.testkit.snapshots;

import static dev.carafe.testkit.FsTree.attribute;
import static dev.carafe.testkit.FsTree.dir;
import static dev.carafe.testkit.FsTree.file;
import static dev.carafe.testkit.FsTree.link;
import static dev.carafe.testkit.FsTree.mode;
import static dev.carafe.testkit.FsTree.owner;
import static dev.carafe.testkit.FsTree.remove;
import static dev.carafe.testkit.FsTree.rename;
import static dev.carafe.testkit.FsTree.sparse;
import static dev.carafe.testkit.FsTree.symlink;
import static dev.carafe.testkit.FsTree.time;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.snapshots.Capability;
import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.testkit.FsTree;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What the files look like through layers. */
abstract class SnapshotTreeChecks extends SnapshotterChecks {
  private static final int DEEP = 128;

  SnapshotTreeChecks(SnapshotterConformance suite) {
    super(suite);
  }

  /** Checks the change in an active snapshot, after commit, and in a child. */
  private void assertChange(FsTree base, FsTree change) {
    SnapshotKey parent = layer("base", null, base);
    SnapshotKey active = active("a", parent, change);
    FsTree expected = base.then(change);
    look(snapshots.mounts(active), expected::assertSameAs);
    commit(active, "changed");
    assertFiles(key("changed"), expected);
    SnapshotKey child = active("child", key("changed"), FsTree.of(file("/child", "x")));
    look(snapshots.mounts(child), expected.then(file("/child", "x"))::assertSameAs);
    assertFiles(parent, base);
  }

  @Test
  @DisplayName("SNAP-TREE-01 a child sees its parents' files, they do not see its changes")
  void childSeesItsParents() {
    assertChange(
        FsTree.of(dir("/d", 0755), file("/d/a", "1"), file("/b", "2")),
        FsTree.of(file("/d/a", "changed"), file("/d/new", "3"), dir("/e", 0700)));
  }

  @Test
  @DisplayName("SNAP-TREE-02 siblings do not see each other")
  void siblingsAreSeparate() {
    FsTree base = FsTree.of(file("/a", "base"));
    SnapshotKey parent = layer("base", null, base);

    SnapshotKey one = active("one", parent, FsTree.of(file("/a", "one")));
    SnapshotKey two = active("two", parent, FsTree.of(file("/a", "two"), file("/b", "x")));

    look(snapshots.mounts(one), FsTree.of(file("/a", "one"))::assertSameAs);
    look(snapshots.mounts(two), FsTree.of(file("/a", "two"), file("/b", "x"))::assertSameAs);
    assertFiles(parent, base);
  }

  @Test
  @DisplayName("SNAP-TREE-03 what a layer removes stays removed above")
  void removedStaysRemoved() {
    assertChange(
        FsTree.of(file("/a", "1"), dir("/d", 0755), file("/d/b", "2"), symlink("/l", "a")),
        FsTree.of(remove("/a"), remove("/d"), remove("/l")));
  }

  @Test
  @DisplayName("SNAP-TREE-04 a file can become a directory, and a directory a file")
  void typesCanChange() {
    assertChange(
        FsTree.of(file("/a", "1"), dir("/d", 0755), file("/d/b", "2"), symlink("/l", "a")),
        FsTree.of(
            remove("/a"),
            dir("/a", 0755),
            file("/a/inside", "x"),
            remove("/d"),
            file("/d", "y"),
            remove("/l"),
            dir("/l", 0711)));
  }

  @Test
  @DisplayName("SNAP-TREE-05 a directory that was removed and made anew hides the old one's files")
  void remadeDirectoryIsEmpty() {
    FsTree base = FsTree.of(dir("/d", 0755), file("/d/old", "1"), dir("/d/deep", 0755));
    assertChange(base, FsTree.of(remove("/d"), dir("/d", 0755), file("/d/new", "2")));
  }

  @Test
  @DisplayName("SNAP-TREE-06 what a layer removed can come back two layers above")
  void removedCanComeBack() {
    SnapshotKey base = layer("base", null, FsTree.of(dir("/d", 0755), file("/d/a", "1")));
    SnapshotKey gone = layer("gone", base, FsTree.of(remove("/d")));
    SnapshotKey back = layer("back", gone, FsTree.of(dir("/d", 0750), file("/d/b", "2")));

    assertFiles(gone, FsTree.empty());
    assertFiles(back, FsTree.of(dir("/d", 0750), file("/d/b", "2")));
  }

  @Test
  @DisplayName("SNAP-TREE-07 files of a parent can be renamed")
  void filesCanBeRenamed() {
    assertChange(
        FsTree.of(file("/a", "1"), dir("/d", 0755), file("/d/b", "2")),
        FsTree.of(rename("/a", "/moved"), rename("/d/b", "/b"), rename("/moved", "/d/c")));
  }

  @Test
  @DisplayName("SNAP-TREE-08 all mode bits and owners are kept, and can change")
  void modesAndOwnersAreKept() {
    assertChange(
        FsTree.of(
            file("/setuid", "x", 04755),
            file("/none", "x", 0),
            dir("/sticky", 01777),
            dir("/setgid", 02750),
            file("/plain", "x"),
            dir("/d", 0700)),
        FsTree.of(mode("/plain", 06711), mode("/d", 0), mode("/setuid", 0644)));
  }

  @Test
  @DisplayName("SNAP-TREE-09 owners are kept, and can change (as root)")
  void ownersAreKept() throws IOException {
    Assumptions.assumeTrue(
        Files.getAttribute(work.path(), "unix:uid").equals(0), "not run as root");
    assertChange(
        FsTree.of(
            file("/a", "x"),
            owner("/a", 1000, 1001),
            dir("/d", 0755),
            owner("/d", 65534, 4_000_000),
            symlink("/l", "a"),
            owner("/l", 7, 8)),
        FsTree.of(owner("/a", 0, 12), owner("/d", 5, 6), file("/d/b", "x"), owner("/l", 9, 9)));
  }

  @Test
  @DisplayName("SNAP-TREE-10 names of one file stay names of one file")
  void hardLinksAreKept() {
    assertChange(
        FsTree.of(
            dir("/d", 0755),
            file("/a", "1"),
            link("/d/b", "/a"),
            link("/c", "/a"),
            file("/single", "2")),
        FsTree.of(file("/x", "3"), link("/d/y", "/x")));
  }

  @Test
  @DisplayName("SNAP-TREE-11 extended attributes are kept, and can change")
  void extendedAttributesAreKept() {
    assertChange(
        FsTree.of(
            file("/a", "1"),
            attribute("/a", "one", "value"),
            attribute("/a", "empty", ""),
            dir("/d", 0755),
            attribute("/d", "two", "x".repeat(200))),
        FsTree.of(attribute("/a", "one", "other"), attribute("/d", "three", "3")));
  }

  @Test
  @DisplayName("SNAP-TREE-12 symbolic links are kept as text")
  void symbolicLinksAreKept() {
    assertChange(
        FsTree.of(
            file("/a", "1"),
            symlink("/relative", "a"),
            symlink("/absolute", "/a"),
            symlink("/out", "../../../../etc/passwd"),
            symlink("/nowhere", "does/not/exist"),
            symlink("/long", "x/".repeat(1000) + "x")),
        FsTree.of(remove("/relative"), symlink("/relative", "absolute"), symlink("/new", "a")));
  }

  @Test
  @DisplayName("SNAP-TREE-13 a file with a hole keeps its size and bytes")
  void holesAreKept() {
    assertChange(
        FsTree.of(sparse("/s", 1 << 22, "end"), sparse("/t", 1 << 20, "end")),
        FsTree.of(mode("/s", 0600), sparse("/u", 1 << 20, "end")));
  }

  @Test
  @DisplayName("SNAP-TREE-14 times are kept to the nanosecond")
  void timesAreKept() {
    Instant past = Instant.parse("2001-02-03T04:05:06.123456789Z");
    Instant other = Instant.parse("2031-02-03T04:05:06.987654321Z");
    assertChange(
        FsTree.of(file("/a", "1"), time("/a", past), dir("/d", 0755), time("/d", past)),
        FsTree.of(file("/b", "2"), time("/b", other)));
  }

  @Test
  @DisplayName("SNAP-TREE-15 the root's mode is 0755, and that of the parent after that")
  void rootModeIsInherited() {
    SnapshotKey base = layer("base", null, FsTree.of(file("/a", "1")));
    assertFiles(base, FsTree.of(mode("/", 0755), file("/a", "1")));

    SnapshotKey shut = layer("shut", base, FsTree.of(mode("/", 0700)));
    FsTree expected = FsTree.of(mode("/", 0700), file("/a", "1"));
    assertFiles(shut, expected);
    SnapshotKey child = layer("child", shut, FsTree.empty());
    assertFiles(child, expected);
  }

  @Test
  @DisplayName("SNAP-TREE-16 a view is read-only, over any number of layers")
  void viewIsReadOnly() {
    SnapshotKey base = layer("base", null, FsTree.of(file("/a", "1")));
    SnapshotKey second = layer("second", base, FsTree.of(file("/b", "2")));
    for (SnapshotKey parent : new SnapshotKey[] {null, base, second}) {
      List<Mount> mounts = snapshots.view(key("v " + parent), parent, NONE);
      if (mounter.enforcesReadOnly()) {
        look(
            mounts,
            files ->
                assertThrows(
                    IOException.class, () -> Files.writeString(files.resolve("new"), "x")));
      } else {
        assertTrue(mounts.stream().allMatch(Mount::readOnly), mounts::toString);
      }
    }
  }

  @Test
  @DisplayName("SNAP-TREE-17 128 layers stack")
  void manyLayersStack() {
    SnapshotKey parent = null;
    FsTree expected = FsTree.empty();
    for (int i = 0; i < DEEP; i++) {
      FsTree change = FsTree.of(file("/" + i, "layer " + i), file("/same", "layer " + i));
      expected = expected.then(change);
      parent = layer("layer " + i, parent, change);
    }
    assertNotNull(parent);
    assertFiles(parent, expected);
    SnapshotKey active = active("top", parent, FsTree.of(remove("/0")));
    look(snapshots.mounts(active), expected.then(remove("/0"))::assertSameAs);
  }

  @Test
  @DisplayName("SNAP-TREE-18 long, odd and deep names are kept")
  void namesAreKept() {
    String deep = "/" + "d".repeat(200);
    assertChange(
        FsTree.of(
            file("/" + "x".repeat(255), "1"),
            file("/ leading and trailing ", "2"),
            file("/line\nbreak", "3"),
            file("/a:b,c=d\\e", "4"),
            file("/.wh.not-a-whiteout", "5"),
            dir(deep, 0755),
            dir(deep + deep, 0755),
            dir(deep + deep + deep, 0755),
            file(deep + deep + deep + "/f", "6")),
        FsTree.of(remove(deep + deep + deep + "/f"), remove("/a:b,c=d\\e")));
  }

  @Test
  @DisplayName("SNAP-TREE-19 a parent given at commit lies below, if REBASE is a capability")
  void parentAtCommit() {
    if (!can(Capability.REBASE)) {
      return;
    }
    SnapshotKey base = layer("base", null, FsTree.of(file("/a", "1"), dir("/d", 0755)));
    SnapshotKey free = active("free", null, FsTree.of(file("/b", "2"), file("/a", "over")));

    snapshots.commit(new CommitRequest(free, key("rebased"), base, NONE));

    FsTree expected = FsTree.of(file("/a", "over"), file("/b", "2"), dir("/d", 0755));
    assertEquals(base, snapshots.stat(key("rebased")).parent());
    assertFiles(key("rebased"), expected);
    SnapshotKey child = layer("child", key("rebased"), FsTree.of(remove("/a")));
    assertFiles(child, expected.then(remove("/a")));
  }

  @Test
  @DisplayName("SNAP-TREE-20 layers may be committed under a parent in any order, if REBASE")
  void rebasedLayersStack() {
    if (!can(Capability.REBASE)) {
      return;
    }
    SnapshotKey third = active("3", null, FsTree.of(file("/same", "3"), file("/c", "3")));
    SnapshotKey second = active("2", null, FsTree.of(file("/same", "2"), file("/b", "2")));
    SnapshotKey first = active("1", null, FsTree.of(file("/same", "1"), file("/a", "1")));

    commit(first, "layer 1");
    snapshots.commit(new CommitRequest(second, key("layer 2"), key("layer 1"), NONE));
    snapshots.commit(new CommitRequest(third, key("layer 3"), key("layer 2"), NONE));

    assertFiles(
        key("layer 3"),
        FsTree.of(file("/same", "3"), file("/a", "1"), file("/b", "2"), file("/c", "3")));
  }
}
