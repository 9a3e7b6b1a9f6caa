package dev.carafe.testkit.snapshots;

import static dev.carafe.testkit.FsTree.file;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.snapshots.Snapshot;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.testkit.FsTree;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What becomes of a key. */
abstract class SnapshotLifeChecks extends SnapshotterChecks {
  private static final FsTree BASE = FsTree.of(file("/a", "base"));

  SnapshotLifeChecks(SnapshotterConformance suite) {
    super(suite);
  }

  @Test
  @DisplayName("SNAP-LIFE-01 a prepared snapshot is active and empty")
  void preparedSnapshotIsActive() {
    List<Mount> mounts = snapshots.prepare(key("a"), null, label("x", "1"));

    Snapshot.Active active = assertInstanceOf(Snapshot.Active.class, snapshots.stat(key("a")));
    assertEquals(key("a"), active.key());
    assertNull(active.parent());
    assertEquals("1", active.labels().get("containerd.io/snapshot/x"));
    assertTrue(!active.updatedAt().isBefore(active.createdAt()));
    look(mounts, FsTree.empty()::assertSameAs);
  }

  @Test
  @DisplayName("SNAP-LIFE-02 commit gives the name and takes the key away")
  void commitGivesTheName() {
    SnapshotKey active = active("a", null, BASE);

    commit(active, "layer");

    Snapshot committed = snapshots.stat(key("layer"));
    assertInstanceOf(Snapshot.Committed.class, committed);
    assertNull(committed.parent());
    assertThrows(NotFoundException.class, () -> snapshots.stat(active));
    assertEquals(Set.of(key("layer")), all().keySet());
  }

  @Test
  @DisplayName("SNAP-LIFE-03 a child names its parent, before and after commit")
  void childNamesItsParent() {
    SnapshotKey base = layer("base", null, BASE);

    SnapshotKey active = active("a", base, FsTree.empty());
    assertEquals(base, snapshots.stat(active).parent());

    commit(active, "child");
    assertEquals(base, snapshots.stat(key("child")).parent());
  }

  @Test
  @DisplayName("SNAP-LIFE-04 a view is a view, and shows its parent")
  void viewShowsItsParent() {
    SnapshotKey base = layer("base", null, BASE);

    List<Mount> mounts = snapshots.view(key("v"), base, NONE);

    Snapshot.View view = assertInstanceOf(Snapshot.View.class, snapshots.stat(key("v")));
    assertEquals(base, view.parent());
    look(mounts, BASE::assertSameAs);
  }

  @Test
  @DisplayName("SNAP-LIFE-05 a view of nothing is empty")
  void viewOfNothingIsEmpty() {
    look(snapshots.view(key("v"), null, NONE), FsTree.empty()::assertSameAs);
  }

  @Test
  @DisplayName("SNAP-LIFE-06 mounts are the same each time")
  void mountsAreTheSameEachTime() {
    SnapshotKey base = layer("base", null, BASE);
    SnapshotKey second = layer("second", base, FsTree.of(file("/b", "2")));

    for (SnapshotKey parent : new SnapshotKey[] {null, base, second}) {
      SnapshotKey active = key("a " + parent);
      SnapshotKey view = key("v " + parent);
      List<Mount> prepared = snapshots.prepare(active, parent, NONE);
      List<Mount> viewed = snapshots.view(view, parent, NONE);
      look(prepared, FsTree.of(file("/new", "x"))::applyTo);
      snapshots.updateLabels(active, _ -> label("y", "2"));

      assertEquals(prepared, snapshots.mounts(active));
      assertEquals(prepared, snapshots.mounts(active));
      assertEquals(viewed, snapshots.mounts(view));
    }
  }

  @Test
  @DisplayName("SNAP-LIFE-07 a removed key is unknown, and free for any kind")
  void removedKeyIsFree() {
    active("k", null, BASE);
    snapshots.remove(key("k"));
    assertThrows(NotFoundException.class, () -> snapshots.stat(key("k")));
    assertThrows(NotFoundException.class, () -> snapshots.mounts(key("k")));

    look(snapshots.view(key("k"), null, NONE), FsTree.empty()::assertSameAs);
    snapshots.remove(key("k"));

    look(snapshots.prepare(key("k"), null, NONE), FsTree.empty()::assertSameAs);
    snapshots.remove(key("k"));

    layer("k", null, FsTree.of(file("/other", "x")));
    assertFiles(key("k"), FsTree.of(file("/other", "x")));
  }

  @Test
  @DisplayName("SNAP-LIFE-08 layers are removed from the leaf to the base")
  void layersAreRemovedFromTheLeaf() {
    SnapshotKey base = layer("base", null, BASE);
    SnapshotKey middle = layer("middle", base, FsTree.of(file("/b", "2")));
    SnapshotKey leaf = active("leaf", middle, FsTree.of(file("/c", "3")));

    snapshots.remove(leaf);
    assertFiles(middle, BASE.then(file("/b", "2")));
    snapshots.remove(middle);
    assertFiles(base, BASE);
    snapshots.remove(base);

    assertEquals(Map.of(), all());
  }

  @Test
  @DisplayName("SNAP-LIFE-09 keys are free text")
  void keysAreFreeText() {
    List<String> odd =
        List.of(
            "a/../../b",
            "..",
            "/",
            "%2e",
            "with space",
            "line\nbreak",
            "tab\t",
            "käse 🧀",
            "sha256:" + "0".repeat(64),
            "A",
            "a",
            "x".repeat(4000));
    for (String name : odd) {
      look(snapshots.prepare(key(name), null, NONE), FsTree.of(file("/name", name))::applyTo);
    }
    for (String name : odd) {
      assertEquals(key(name), snapshots.stat(key(name)).key());
      look(snapshots.mounts(key(name)), FsTree.of(file("/name", name))::assertSameAs);
    }
    assertEquals(odd.size(), all().size());
  }

  @Test
  @DisplayName("SNAP-LIFE-10 close may be called twice")
  void closeMayBeCalledTwice() throws Exception {
    if (snapshots instanceof AutoCloseable closeable) {
      closeable.close();
      closeable.close();
    }
  }

  @Test
  @DisplayName("SNAP-LIFE-11 capabilities are fixed")
  void capabilitiesAreFixed() {
    Set<?> before = Set.copyOf(snapshots.capabilities());
    layer("base", null, BASE);
    assertEquals(before, snapshots.capabilities());
  }
}
