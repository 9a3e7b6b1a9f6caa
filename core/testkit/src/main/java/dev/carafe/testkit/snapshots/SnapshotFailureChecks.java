package dev.carafe.testkit.snapshots;

import static dev.carafe.testkit.FsTree.file;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.snapshots.Capability;
import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.Snapshot;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.testkit.FsTree;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What is refused, and that a refusal changes nothing. */
abstract class SnapshotFailureChecks extends SnapshotterChecks {
  private static final FsTree BASE = FsTree.of(file("/a", "base"));
  private static final SnapshotKey UNKNOWN = key("unknown");
  private static final SnapshotKey COMMITTED = key("committed");
  private static final SnapshotKey ACTIVE = key("active");
  private static final SnapshotKey VIEW = key("view");

  private Map<SnapshotKey, Snapshot> before = Map.of();

  SnapshotFailureChecks(SnapshotterConformance suite) {
    super(suite);
  }

  @BeforeEach
  void someOfEach() {
    layer(COMMITTED.value(), null, BASE);
    active(ACTIVE.value(), COMMITTED, FsTree.of(file("/b", "2")));
    snapshots.view(VIEW, COMMITTED, NONE);
    before = all();
  }

  private void assertRefused(Class<? extends Exception> how, Runnable call) {
    assertThrows(how, call::run);
    assertEquals(before, all());
  }

  private void assertActiveStillWorks() {
    look(snapshots.mounts(ACTIVE), BASE.then(file("/b", "2"))::assertSameAs);
    commit(ACTIVE, "works");
    assertFiles(key("works"), BASE.then(file("/b", "2")));
  }

  @Test
  @DisplayName("SNAP-FAIL-01 an unknown key is not found, by any call")
  void unknownKeyIsNotFound() {
    assertRefused(NotFoundException.class, () -> snapshots.stat(UNKNOWN));
    assertRefused(NotFoundException.class, () -> snapshots.mounts(UNKNOWN));
    assertRefused(NotFoundException.class, () -> snapshots.usage(UNKNOWN));
    assertRefused(NotFoundException.class, () -> snapshots.updateLabels(UNKNOWN, l -> l));
    assertRefused(NotFoundException.class, () -> snapshots.remove(UNKNOWN));
    assertRefused(NotFoundException.class, () -> commit(UNKNOWN, "name"));
    assertRefused(NotFoundException.class, () -> snapshots.prepare(key("x"), UNKNOWN, NONE));
    assertRefused(NotFoundException.class, () -> snapshots.view(key("x"), UNKNOWN, NONE));
  }

  @Test
  @DisplayName("SNAP-FAIL-02 a taken key cannot be prepared or viewed, whatever its kind")
  void takenKeyCannotBePrepared() {
    for (SnapshotKey taken : List.of(COMMITTED, ACTIVE, VIEW)) {
      assertRefused(AlreadyExistsException.class, () -> snapshots.prepare(taken, null, NONE));
      assertRefused(AlreadyExistsException.class, () -> snapshots.prepare(taken, COMMITTED, NONE));
      assertRefused(AlreadyExistsException.class, () -> snapshots.view(taken, COMMITTED, NONE));
    }
    assertActiveStillWorks();
  }

  @Test
  @DisplayName("SNAP-FAIL-03 only a committed snapshot is a parent")
  void onlyCommittedIsParent() {
    for (SnapshotKey wrong : List.of(ACTIVE, VIEW)) {
      assertRefused(
          FailedPreconditionException.class, () -> snapshots.prepare(key("x"), wrong, NONE));
      assertRefused(FailedPreconditionException.class, () -> snapshots.view(key("x"), wrong, NONE));
    }
  }

  @Test
  @DisplayName("SNAP-FAIL-04 a committed snapshot has no mounts")
  void committedHasNoMounts() {
    assertRefused(FailedPreconditionException.class, () -> snapshots.mounts(COMMITTED));
  }

  @Test
  @DisplayName("SNAP-FAIL-05 only an active snapshot is committed")
  void onlyActiveIsCommitted() {
    assertRefused(FailedPreconditionException.class, () -> commit(VIEW, "name"));
    assertRefused(FailedPreconditionException.class, () -> commit(COMMITTED, "name"));
  }

  @Test
  @DisplayName("SNAP-FAIL-06 a taken name is refused, and the snapshot stays active")
  void takenNameIsRefused() {
    for (SnapshotKey taken : List.of(COMMITTED, VIEW, ACTIVE)) {
      assertRefused(AlreadyExistsException.class, () -> commit(ACTIVE, taken.value()));
    }
    assertActiveStillWorks();
  }

  @Test
  @DisplayName("SNAP-FAIL-07 a snapshot with children is not removed")
  void parentIsNotRemoved() {
    assertRefused(FailedPreconditionException.class, () -> snapshots.remove(COMMITTED));
    snapshots.remove(VIEW);
    before = all();
    assertRefused(FailedPreconditionException.class, () -> snapshots.remove(COMMITTED));
    snapshots.remove(ACTIVE);
    snapshots.remove(COMMITTED);
    assertEquals(Map.of(), all());
  }

  @Test
  @DisplayName(
      "SNAP-FAIL-08 a parent at commit must be committed, or, without REBASE, not be given")
  void parentAtCommit() {
    snapshots.prepare(key("free"), null, NONE);
    before = all();
    if (!can(Capability.REBASE)) {
      assertRefused(UnimplementedException.class, () -> rebase("free", COMMITTED));
      return;
    }
    assertRefused(NotFoundException.class, () -> rebase("free", UNKNOWN));
    assertRefused(FailedPreconditionException.class, () -> rebase("free", ACTIVE));
    assertRefused(FailedPreconditionException.class, () -> rebase("free", VIEW));
    assertRefused(FailedPreconditionException.class, () -> rebase("active", COMMITTED));
    rebase("free", COMMITTED);
    assertFiles(key("rebased"), BASE);
    assertThrows(FailedPreconditionException.class, () -> snapshots.remove(COMMITTED));
    snapshots.remove(key("rebased"));
    assertActiveStillWorks();
  }

  private void rebase(String key, SnapshotKey parent) {
    snapshots.commit(new CommitRequest(key(key), key("rebased"), parent, NONE));
  }

  @Test
  @DisplayName("SNAP-FAIL-09 cleanup works, or, without CLEANUP, is refused")
  void cleanup() {
    if (can(Capability.CLEANUP)) {
      snapshots.cleanup();
      assertEquals(before, all());
    } else {
      assertRefused(UnimplementedException.class, snapshots::cleanup);
    }
  }

  @Test
  @DisplayName("SNAP-FAIL-10 an interrupted call does all or nothing, and hurts no later one")
  void interruptLeavesNoHalfState() {
    interrupted(() -> snapshots.prepare(key("i"), COMMITTED, NONE));
    if (!all().containsKey(key("i"))) {
      unlessDone(() -> snapshots.prepare(key("i"), COMMITTED, NONE));
    }
    look(snapshots.mounts(key("i")), BASE::assertSameAs);

    interrupted(() -> snapshots.updateLabels(key("i"), _ -> label("l", "1")));
    Map<String, String> labels = snapshots.stat(key("i")).labels();
    assertTrue(labels.equals(NONE) || labels.equals(label("l", "1")), labels::toString);

    interrupted(() -> commit(key("i"), "j"));
    if (all().containsKey(key("i"))) {
      unlessDone(() -> commit(key("i"), "j"));
    }
    assertInstanceOf(Snapshot.Committed.class, snapshots.stat(key("j")));
    assertFiles(key("j"), BASE);

    interrupted(() -> snapshots.remove(key("j")));
    if (all().containsKey(key("j"))) {
      unlessDone(() -> snapshots.remove(key("j")));
    }
    assertEquals(before, all());
    assertActiveStillWorks();
  }

  /** What was interrupted may still be under way elsewhere, and come to its end meanwhile. */
  private static void unlessDone(Runnable call) {
    try {
      call.run();
    } catch (AlreadyExistsException | NotFoundException e) {
      // The state tells.
    }
  }

  private static void interrupted(Runnable call) {
    Thread.currentThread().interrupt();
    try {
      call.run();
    } catch (RuntimeException e) {
      // Giving up is as good as going on.
    } finally {
      Thread.interrupted();
    }
  }

  @Test
  @DisplayName("SNAP-FAIL-11 messages name the snapshot")
  void messagesNameTheSnapshot() {
    var notFound = assertThrows(NotFoundException.class, () -> snapshots.stat(UNKNOWN));
    assertTrue(notFound.getMessage().contains(UNKNOWN.value()), notFound::getMessage);
    var taken =
        assertThrows(AlreadyExistsException.class, () -> snapshots.prepare(COMMITTED, null, NONE));
    assertTrue(taken.getMessage().contains(COMMITTED.value()), taken::getMessage);
  }
}
