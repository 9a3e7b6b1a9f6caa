package dev.carafe.testkit.snapshots;

import static dev.carafe.testkit.FsTree.file;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.snapshots.Capability;
import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.Snapshot;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.testkit.FsTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What a restart finds. */
abstract class SnapshotRecoveryChecks extends SnapshotterChecks {
  private static final FsTree BASE = FsTree.of(file("/a", "base"));
  private static final String MARK = "file-of-a-removed-snapshot";

  SnapshotRecoveryChecks(SnapshotterConformance suite) {
    super(suite);
  }

  private void crash() {
    snapshots = openAgain();
  }

  /**
   * Makes some of everything, restarts and compares; or, where restarts lose all, finds nothing.
   */
  private void assertKept(Runnable restart) {
    SnapshotKey base = layer("base", null, BASE);
    SnapshotKey making = active("making", base, FsTree.of(file("/b", "2")));
    snapshots.commit(new CommitRequest(making, key("child"), null, label("c", "1")));
    List<Mount> active = snapshots.prepare(key("active"), key("child"), label("a", "2"));
    look(active, FsTree.of(file("/c", "3"))::applyTo);
    List<Mount> view = snapshots.view(key("view"), base, label("v", "3"));
    snapshots.updateLabels(base, _ -> label("updated", "4"));
    snapshots.remove(active("removed", base, FsTree.empty()));
    Map<SnapshotKey, Snapshot> before = all();

    restart.run();

    if (!can(Capability.SURVIVES_RESTART)) {
      assertEquals(Map.of(), all());
      look(snapshots.prepare(key("active"), null, NONE), FsTree.empty()::assertSameAs);
      return;
    }
    assertEquals(before, all());
    assertEquals(active, snapshots.mounts(key("active")));
    assertEquals(view, snapshots.mounts(key("view")));
    look(
        snapshots.mounts(key("active")), BASE.then(file("/b", "2"), file("/c", "3"))::assertSameAs);
    look(snapshots.mounts(key("view")), BASE::assertSameAs);
    commit(key("active"), "grandchild");
    assertFiles(key("grandchild"), BASE.then(file("/b", "2"), file("/c", "3")));
    layer("after", key("grandchild"), FsTree.of(file("/d", "4")));
  }

  @Test
  @DisplayName("SNAP-RECO-01 everything survives a restart, or, where declined, nothing")
  void everythingSurvivesRestart() {
    assertKept(this::restart);
  }

  @Test
  @DisplayName("SNAP-RECO-02 everything survives a crash, or, where declined, nothing")
  void everythingSurvivesCrash() {
    assertKept(this::crash);
  }

  @Test
  @DisplayName("SNAP-RECO-03 each step is kept on its own")
  void eachStepIsKept() {
    if (!can(Capability.SURVIVES_RESTART)) {
      return;
    }
    snapshots.prepare(key("a"), null, NONE);
    crash();
    look(snapshots.mounts(key("a")), BASE::applyTo);
    commit(key("a"), "base");
    crash();
    assertFiles(key("base"), BASE);
    snapshots.updateLabels(key("base"), _ -> label("l", "1"));
    crash();
    assertEquals(label("l", "1"), snapshots.stat(key("base")).labels());
    snapshots.view(key("v"), key("base"), NONE);
    crash();
    look(snapshots.mounts(key("v")), BASE::assertSameAs);
    snapshots.remove(key("v"));
    crash();
    snapshots.remove(key("base"));
    crash();
    assertEquals(Map.of(), all());
  }

  @Test
  @DisplayName("SNAP-RECO-04 what was removed is free after a restart, and starts empty")
  void removedIsFreeAfterRestart() {
    snapshots.remove(active("a", null, BASE));
    restart();
    look(snapshots.prepare(key("a"), null, NONE), FsTree.empty()::assertSameAs);
  }

  @Test
  @DisplayName("SNAP-RECO-05 nothing is left of removed snapshots after cleanup")
  void cleanupLeavesNothing() throws IOException {
    FsTree marked = FsTree.of(file("/" + MARK, "x"));
    SnapshotKey base = layer("base", null, marked);
    SnapshotKey child = active("child", base, FsTree.of(file("/b", "x")));
    snapshots.remove(child);
    snapshots.remove(base);
    if (can(Capability.CLEANUP)) {
      if (can(Capability.SURVIVES_RESTART)) {
        crash();
      }
      snapshots.cleanup();
      snapshots.cleanup();
    }
    try (Stream<Path> files = Files.walk(root)) {
      List<Path> left = files.filter(file -> file.endsWith(MARK)).toList();
      assertTrue(left.isEmpty(), left::toString);
    }
  }

  @Test
  @DisplayName("SNAP-RECO-06 cleanup touches nothing that is in use")
  void cleanupKeepsTheLiving() {
    if (!can(Capability.CLEANUP)) {
      return;
    }
    SnapshotKey base = layer("base", null, BASE);
    SnapshotKey child = active("child", base, FsTree.of(file("/b", "2")));
    snapshots.view(key("v"), base, NONE);
    snapshots.remove(active("gone", base, FsTree.empty()));

    snapshots.cleanup();

    look(snapshots.mounts(child), BASE.then(file("/b", "2"))::assertSameAs);
    look(snapshots.mounts(key("v")), BASE::assertSameAs);
    snapshots.remove(key("v"));
    commit(child, "committed");
    snapshots.cleanup();
    assertFiles(key("committed"), BASE.then(file("/b", "2")));
  }
}
