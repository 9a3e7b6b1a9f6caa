package dev.carafe.testkit.snapshots;

import static dev.carafe.testkit.FsTree.file;
import static dev.carafe.testkit.FsTree.link;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.Snapshot;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.spi.snapshots.Usage;
import dev.carafe.testkit.FsTree;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What is known of a snapshot. */
abstract class SnapshotInfoChecks extends SnapshotterChecks {
  private static final int MEBIBYTE = 1 << 20;
  private static final String LABEL = "containerd.io/snapshot/";

  SnapshotInfoChecks(SnapshotterConformance suite) {
    super(suite);
  }

  @Test
  @DisplayName("SNAP-INFO-01 labels are kept for every kind")
  void labelsAreKept() {
    snapshots.prepare(key("a"), null, label("kind", "active"));
    snapshots.view(key("v"), null, label("kind", "view"));
    SnapshotKey active = active("making", null, FsTree.empty());
    snapshots.commit(new CommitRequest(active, key("c"), null, label("kind", "committed")));

    assertEquals("active", snapshots.stat(key("a")).labels().get(LABEL + "kind"));
    assertEquals("view", snapshots.stat(key("v")).labels().get(LABEL + "kind"));
    assertEquals("committed", snapshots.stat(key("c")).labels().get(LABEL + "kind"));
  }

  @Test
  @DisplayName("SNAP-INFO-02 a committed snapshot has the labels of the commit and no others")
  void labelsAreNotInherited() {
    snapshots.prepare(key("a"), null, label("of-active", "1"));

    snapshots.commit(new CommitRequest(key("a"), key("c"), null, label("of-commit", "2")));

    Map<String, String> labels = snapshots.stat(key("c")).labels();
    assertEquals("2", labels.get(LABEL + "of-commit"));
    assertTrue(!labels.containsKey(LABEL + "of-active"), labels::toString);
  }

  @Test
  @DisplayName("SNAP-INFO-03 labels are not inherited from the parent")
  void labelsOfTheParentStayThere() {
    SnapshotKey active = active("making", null, FsTree.empty());
    snapshots.commit(new CommitRequest(active, key("c"), null, label("mine", "1")));

    snapshots.prepare(key("child"), key("c"), NONE);

    Map<String, String> labels = snapshots.stat(key("child")).labels();
    assertTrue(!labels.containsKey(LABEL + "mine"), labels::toString);
  }

  @Test
  @DisplayName("SNAP-INFO-04 an update replaces the labels and answers with the new ones")
  void updateReplacesLabels() {
    snapshots.prepare(key("a"), null, label("old", "1"));
    Snapshot before = snapshots.stat(key("a"));

    Snapshot changed =
        snapshots.updateLabels(
            key("a"),
            labels -> {
              Map<String, String> more = new HashMap<>(labels);
              more.remove(LABEL + "old");
              more.put(LABEL + "new", "2");
              return more;
            });

    assertEquals(changed, snapshots.stat(key("a")));
    assertInstanceOf(Snapshot.Active.class, changed);
    assertEquals("2", changed.labels().get(LABEL + "new"));
    assertTrue(!changed.labels().containsKey(LABEL + "old"), () -> changed.labels().toString());
    assertEquals(before.createdAt(), changed.createdAt());
    assertTrue(!changed.updatedAt().isBefore(before.updatedAt()));
  }

  @Test
  @DisplayName("SNAP-INFO-05 an update that throws changes nothing")
  void failedUpdateChangesNothing() {
    snapshots.prepare(key("a"), null, label("old", "1"));
    Snapshot before = snapshots.stat(key("a"));

    assertThrows(
        ArithmeticException.class,
        () ->
            snapshots.updateLabels(
                key("a"),
                _ -> {
                  throw new ArithmeticException("on purpose");
                }));

    assertEquals(before, snapshots.stat(key("a")));
    snapshots.updateLabels(key("a"), _ -> label("new", "2"));
  }

  @Test
  @DisplayName("SNAP-INFO-06 forEach visits each snapshot once, as stat shows it")
  void forEachVisitsAll() {
    Set<SnapshotKey> expected = new HashSet<>();
    SnapshotKey base = layer("base", null, FsTree.empty());
    expected.add(base);
    for (int i = 0; i < 20; i++) {
      expected.add(layer("c" + i, base, FsTree.empty()));
      expected.add(active("a" + i, base, FsTree.empty()));
      snapshots.view(key("v" + i), base, NONE);
      expected.add(key("v" + i));
    }

    Map<SnapshotKey, Snapshot> seen = all();

    assertEquals(expected, seen.keySet());
    seen.forEach((key, snapshot) -> assertEquals(snapshots.stat(key), snapshot));
  }

  @Test
  @DisplayName("SNAP-INFO-07 a visitor may change what it visits")
  void visitorMayChangeWhatItVisits() {
    for (int i = 0; i < 20; i++) {
      snapshots.prepare(key("a" + i), null, NONE);
    }

    snapshots.forEach(snapshot -> {
      snapshots.updateLabels(snapshot.key(), _ -> label("seen", "1"));
      snapshots.remove(snapshot.key());
    });

    assertEquals(Map.of(), all());
  }

  @Test
  @DisplayName("SNAP-INFO-08 usage grows with the files, hard links counted once")
  void usageGrowsWithTheFiles() {
    SnapshotKey active = active("a", null, FsTree.of(file("/small", "x")));
    Usage before = snapshots.usage(active);

    look(
        snapshots.mounts(active),
        FsTree.of(file("/big", "x".repeat(MEBIBYTE)), link("/same", "/big"))::applyTo);

    Usage after = snapshots.usage(active);
    long grown = after.bytes() - before.bytes();
    assertTrue(grown >= MEBIBYTE && grown < 2 * MEBIBYTE, () -> "grown by " + grown);
    assertEquals(before.inodes() + 1, after.inodes());
  }

  @Test
  @DisplayName("SNAP-INFO-09 usage of a committed snapshot is what the active one took")
  void usageOfCommitted() {
    FsTree files = FsTree.of(file("/big", "x".repeat(MEBIBYTE)), file("/small", "x"));
    SnapshotKey active = active("a", null, files);
    long inodes = snapshots.usage(active).inodes();
    commit(active, "c");

    Usage usage = snapshots.usage(key("c"));

    assertEquals(inodes, usage.inodes());
    assertTrue(usage.bytes() >= MEBIBYTE, usage::toString);
    assertEquals(usage, snapshots.usage(key("c")));
  }

  @Test
  @DisplayName("SNAP-INFO-10 usage does not count what children write")
  void usageIgnoresChildren() {
    SnapshotKey base = layer("base", null, FsTree.of(file("/a", "1")));
    Usage before = snapshots.usage(base);

    active("child", base, FsTree.of(file("/big", "x".repeat(MEBIBYTE))));

    assertEquals(before, snapshots.usage(base));
    snapshots.view(key("v"), base, NONE);
    assertTrue(snapshots.usage(key("v")).bytes() >= 0);
  }
}
