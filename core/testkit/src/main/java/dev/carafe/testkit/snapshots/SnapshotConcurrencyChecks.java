package dev.carafe.testkit.snapshots;

import static dev.carafe.testkit.FsTree.file;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.snapshots.Snapshot;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.testkit.FsTree;
import dev.carafe.testkit.Race;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What calls do to each other. */
abstract class SnapshotConcurrencyChecks extends SnapshotterChecks {
  private static final int THREADS = 8;
  private static final int ROUNDS = 20;

  SnapshotConcurrencyChecks(SnapshotterConformance suite) {
    super(suite);
  }

  private static <T> List<Callable<T>> times(int count, Call<T> call) {
    List<Callable<T>> calls = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int number = i;
      calls.add(() -> call.run(number));
    }
    return calls;
  }

  /** Exactly one call won, and all others were told so. */
  private static void assertOneWon(
      List<? extends Race.Outcome<?>> outcomes, Class<? extends Exception> told) {
    assertEquals(1, outcomes.stream().filter(Race.Outcome::succeeded).count(), outcomes::toString);
    for (Race.Outcome<?> outcome : outcomes) {
      if (!outcome.succeeded()) {
        assertInstanceOf(told, outcome.failure());
      }
    }
  }

  @Test
  @DisplayName("SNAP-CONC-01 of racing prepares of one key, one wins")
  void onePrepareWins() {
    SnapshotKey base = layer("base", null, FsTree.of(file("/a", "1")));
    for (int round = 0; round < ROUNDS; round++) {
      SnapshotKey raced = key("raced " + round);
      assertOneWon(
          Race.run(times(THREADS, _ -> snapshots.prepare(raced, base, NONE))),
          AlreadyExistsException.class);
      look(snapshots.mounts(raced), FsTree.of(file("/a", "1"))::assertSameAs);
    }
  }

  @Test
  @DisplayName("SNAP-CONC-02 of racing commits to one name, one wins and the others stay active")
  void oneCommitWins() {
    for (int round = 0; round < ROUNDS; round++) {
      String name = "name " + round;
      List<SnapshotKey> contenders = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        contenders.add(active(name + " by " + i, null, FsTree.of(file("/by", "" + i))));
      }
      List<Race.Outcome<Integer>> outcomes =
          Race.run(
              times(
                  THREADS,
                  i -> {
                    commit(contenders.get(i), name);
                    return i;
                  }));
      assertOneWon(outcomes, AlreadyExistsException.class);
      for (int i = 0; i < THREADS; i++) {
        if (outcomes.get(i).succeeded()) {
          assertFiles(key(name), FsTree.of(file("/by", "" + i)));
        } else {
          assertInstanceOf(Snapshot.Active.class, snapshots.stat(contenders.get(i)));
        }
      }
    }
  }

  @Test
  @DisplayName("SNAP-CONC-03 of racing removes, one wins")
  void oneRemoveWins() {
    for (int round = 0; round < ROUNDS; round++) {
      SnapshotKey raced = active("raced " + round, null, FsTree.of(file("/a", "1")));
      assertOneWon(
          Race.run(
              times(
                  THREADS,
                  i -> {
                    snapshots.remove(raced);
                    return i;
                  })),
          NotFoundException.class);
    }
    assertEquals(Map.of(), all());
  }

  @Test
  @DisplayName("SNAP-CONC-04 children of one parent are made at the same time")
  void childrenInParallel() {
    SnapshotKey base = layer("base", null, FsTree.of(file("/a", "1")));

    List<Race.Outcome<SnapshotKey>> outcomes =
        Race.run(
            times(
                2 * THREADS,
                i -> {
                  snapshots.prepare(key("making " + i), base, NONE);
                  commit(key("making " + i), "child " + i);
                  return key("child " + i);
                }));

    for (Race.Outcome<SnapshotKey> outcome : outcomes) {
      assertTrue(outcome.succeeded(), outcome::toString);
    }
    for (int i = 0; i < 2 * THREADS; i++) {
      assertFiles(key("child " + i), FsTree.of(file("/a", "1")));
    }
  }

  @Test
  @DisplayName("SNAP-CONC-05 a parent is either removed or gets a child, never both")
  void removeAgainstPrepare() {
    for (int round = 0; round < ROUNDS; round++) {
      SnapshotKey parent = layer("parent " + round, null, FsTree.of(file("/a", "1")));
      SnapshotKey child = key("child " + round);

      List<Race.Outcome<SnapshotKey>> outcomes =
          Race.run(
              List.of(
                  () -> {
                    snapshots.remove(parent);
                    return parent;
                  },
                  () -> {
                    snapshots.prepare(child, parent, NONE);
                    return child;
                  }));

      Map<SnapshotKey, Snapshot> now = all();
      if (outcomes.get(1).succeeded()) {
        assertInstanceOf(FailedPreconditionException.class, outcomes.get(0).failure());
        assertTrue(now.containsKey(parent) && now.containsKey(child), now::toString);
        look(snapshots.mounts(child), FsTree.of(file("/a", "1"))::assertSameAs);
      } else {
        assertInstanceOf(NotFoundException.class, outcomes.get(1).failure());
        assertTrue(!now.containsKey(child), now::toString);
      }
    }
  }

  @Test
  @DisplayName("SNAP-CONC-06 no label update is lost")
  void noUpdateIsLost() {
    snapshots.prepare(key("a"), null, NONE);

    Race.run(
        times(
            THREADS,
            i ->
                snapshots.updateLabels(
                    key("a"),
                    labels -> {
                      Map<String, String> more = new HashMap<>(labels);
                      more.put("containerd.io/snapshot/" + i, "x");
                      return more;
                    })));

    Map<String, String> labels = snapshots.stat(key("a")).labels();
    for (int i = 0; i < THREADS; i++) {
      assertEquals("x", labels.get("containerd.io/snapshot/" + i), labels::toString);
    }
  }

  @Test
  @DisplayName("SNAP-CONC-07 forEach always shows what does not change meanwhile")
  void forEachDuringChanges() {
    SnapshotKey steady = layer("steady", null, FsTree.empty());

    List<Race.Outcome<Integer>> outcomes =
        Race.run(
            times(
                THREADS,
                i -> {
                  for (int round = 0; round < ROUNDS; round++) {
                    if (i % 2 == 0) {
                      assertTrue(all().containsKey(steady));
                    } else {
                      snapshots.prepare(key("a" + i), steady, NONE);
                      commit(key("a" + i), "c" + i);
                      snapshots.remove(key("c" + i));
                    }
                  }
                  return i;
                }));

    for (Race.Outcome<Integer> outcome : outcomes) {
      assertTrue(outcome.succeeded(), outcome::toString);
    }
  }

  private interface Call<T> {
    T run(int number) throws Exception;
  }
}
