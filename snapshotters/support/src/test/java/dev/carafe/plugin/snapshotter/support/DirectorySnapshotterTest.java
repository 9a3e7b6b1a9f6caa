package dev.carafe.plugin.snapshotter.support;

import static dev.carafe.testkit.FsTree.file;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.Snapshot;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.testkit.FsTree;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.Race;
import dev.carafe.testkit.Trees;
import dev.carafe.testkit.WorkDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the suite cannot see: crashes in the middle, directories, the log's growth. */
@ExtendWith(LeakCheck.class)
class DirectorySnapshotterTest {
  private static final Map<String, String> NONE = Map.of();

  private WorkDirectory work;
  private Path root;
  private DirectorySnapshotter snapshots;

  @BeforeEach
  void open(WorkDirectory work) throws IOException {
    this.work = work;
    root = Files.createDirectory(work.path().resolve("root"));
    snapshots = reopen(new PlainFiles());
  }

  private DirectorySnapshotter reopen(SnapshotFiles files) {
    return work.closeLater(DirectorySnapshotter.open(root, files));
  }

  private static SnapshotKey key(String name) {
    return new SnapshotKey(name);
  }

  private Path prepare(String name, String parent) {
    SnapshotKey below = parent.isEmpty() ? null : key(parent);
    return Path.of(snapshots.prepare(key(name), below, NONE).getFirst().source());
  }

  private void commit(String key, String name) {
    snapshots.commit(new CommitRequest(key(key), key(name), null, NONE));
  }

  private static Map<SnapshotKey, Snapshot> all(DirectorySnapshotter snapshots) {
    Map<SnapshotKey, Snapshot> all = new HashMap<>();
    snapshots.forEach(snapshot -> all.put(snapshot.key(), snapshot));
    return all;
  }

  private Set<String> directories() throws IOException {
    try (Stream<Path> found = Files.list(root.resolve("snapshots"))) {
      return found.map(path -> path.getFileName().toString()).collect(Collectors.toSet());
    }
  }

  /** Dies, as by SIGKILL, in the middle of filling a directory. */
  private static final class Dies extends PlainFiles {
    @Override
    public void create(SnapshotPlace place) {
      super.create(place);
      FsTree.of(file("/half", "x")).applyTo(place.files());
      throw new Death();
    }
  }

  private static final class Death extends Error {
    private static final long serialVersionUID = 1L;
  }

  @Test
  void failureWhileADirectoryIsFilledLeavesNothing() throws IOException {
    prepare("a", "");
    DirectorySnapshotter dying = reopen(new Dies());
    assertThrows(Death.class, () -> dying.prepare(key("b"), null, NONE));
    assertEquals(Set.of("1"), directories());
    assertThrows(NotFoundException.class, () -> dying.stat(key("b")));
  }

  @Test
  void crashWhileADirectoryIsFilledIsClearedUp() throws IOException {
    prepare("a", "");
    FsTree.of(file("/half", "x"))
        .applyTo(Files.createDirectories(root.resolve("snapshots/2.new/fs")));

    snapshots = reopen(new PlainFiles());

    assertEquals(Set.of(key("a")), all(snapshots).keySet());
    prepare("b", "");
    snapshots.cleanup();
    assertEquals(Set.of("1", "3"), directories());
  }

  @Test
  void crashBeforeTheRecordIsWrittenLeavesNoSnapshot() throws IOException {
    prepare("a", "");
    Files.createDirectories(root.resolve("snapshots/2/fs"));

    snapshots = reopen(new PlainFiles());

    assertEquals(Set.of(key("a")), all(snapshots).keySet());
    assertEquals(root.resolve("snapshots/3/fs"), prepare("b", ""));
    snapshots.cleanup();
    assertEquals(Set.of("1", "3"), directories());
  }

  @Test
  void crashAtAnyByteOfTheLogLeavesTheStateBeforeOrAfter() throws IOException {
    List<Map<SnapshotKey, Snapshot>> states = new ArrayList<>();
    states.add(all(snapshots));
    List<Runnable> steps =
        List.of(
            () -> prepare("a", ""),
            () -> commit("a", "base"),
            () -> prepare("b", "base"),
            () -> snapshots.updateLabels(key("base"), _ -> Map.of("x", "1")),
            () -> commit("b", "top"),
            () -> snapshots.view(key("v"), key("top"), NONE),
            () -> snapshots.remove(key("v")),
            () -> snapshots.remove(key("top")));
    for (Runnable step : steps) {
      step.run();
      states.add(all(snapshots));
    }
    byte[] log = Files.readAllBytes(root.resolve("snapshots.log"));
    int end = log.length;
    while (log[end - 1] == 0) {
      end--;
    }
    Path copy = work.path().resolve("copy");
    int reached = 0;
    for (int length = 16; length <= end; length++) {
      Files.createDirectories(copy);
      Trees.copy(root, copy);
      Files.write(copy.resolve("snapshots.log"), Arrays.copyOf(log, length));
      try (DirectorySnapshotter cut = DirectorySnapshotter.open(copy, new PlainFiles())) {
        Map<SnapshotKey, Snapshot> state = all(cut);
        if (!state.equals(states.get(reached))) {
          reached++;
        }
        assertEquals(states.get(reached), state, "cut at " + length);
        cut.cleanup();
      }
      Trees.delete(copy);
    }
    assertEquals(states.size() - 1, reached);
  }

  @Test
  void numbersAreNotUsedAgain() throws IOException {
    prepare("a", "");
    snapshots.remove(key("a"));
    snapshots.cleanup();
    assertEquals(Set.of(), directories());
    assertEquals(root.resolve("snapshots/2/fs"), prepare("b", ""));
    snapshots.remove(key("b"));
    snapshots.cleanup();
    snapshots.close();
    snapshots = reopen(new PlainFiles());
    assertEquals(root.resolve("snapshots/3/fs"), prepare("c", ""));
  }

  @Test
  void lostDirectoryOfAnActiveSnapshotIsMadeAnew() {
    FsTree.of(file("/a", "1")).applyTo(prepare("a", ""));
    commit("a", "base");
    Path lost = prepare("b", "base");
    FsTree.of(file("/b", "2")).applyTo(lost);
    Trees.delete(lost.getParent());

    snapshots = reopen(new PlainFiles());

    List<Mount> mounts = snapshots.mounts(key("b"));
    assertEquals(lost, Path.of(mounts.getFirst().source()));
    FsTree.of(file("/a", "1")).assertSameAs(lost);
  }

  @Test
  void lostDirectoryOfACommittedSnapshotIsReportedWhenItIsNeeded() {
    Path files = prepare("a", "");
    commit("a", "base");
    prepare("b", "base");
    commit("b", "child");
    Trees.delete(files.getParent());

    snapshots = reopen(new PlainFiles());

    for (String parent : List.of("base", "child")) {
      var lost = assertThrows(DataLossException.class, () -> prepare("c", parent));
      assertTrue(lost.getMessage().contains("snapshot \"base\""), lost::getMessage);
    }
    assertThrows(DataLossException.class, () -> snapshots.usage(key("base")));
    snapshots.remove(key("child"));
    snapshots.remove(key("base"));
    assertEquals(Map.of(), all(snapshots));
  }

  @Test
  void damagedLogRefusesToOpen() throws IOException {
    prepare("a", "");
    prepare("b", "");
    byte[] log = Files.readAllBytes(root.resolve("snapshots.log"));
    log[40] ^= 1;
    Files.write(root.resolve("snapshots.log"), log);
    assertThrows(DataLossException.class, () -> reopen(new PlainFiles()));
  }

  @Test
  void logDoesNotGrowWithoutBound() throws IOException {
    prepare("a", "");
    prepare("b", "");
    snapshots.remove(key("b"));
    Map<String, String> big = Map.of("containerd.io/snapshot/x", "y".repeat(50_000));
    for (int i = 0; i < 120; i++) {
      snapshots.updateLabels(key("a"), _ -> big);
    }
    assertTrue(Files.size(root.resolve("snapshots.log")) < 3 << 20);
    snapshots.close();
    snapshots = reopen(new PlainFiles());
    assertEquals(big, snapshots.stat(key("a")).labels());
    snapshots.cleanup();
    assertEquals(root.resolve("snapshots/3/fs"), prepare("c", ""));
  }

  @Test
  void labelsThatAreTooLongAreRefused() {
    Map<String, String> huge = Map.of("containerd.io/snapshot/x", "y".repeat(300_000));
    assertThrows(InvalidArgumentException.class, () -> snapshots.prepare(key("a"), null, huge));
    assertEquals(Map.of(), all(snapshots));
    prepare("a", "");
    assertThrows(InvalidArgumentException.class, () -> snapshots.updateLabels(key("a"), _ -> huge));
    assertEquals(NONE, snapshots.stat(key("a")).labels());
  }

  @Test
  void callsAtTheSameTimeAreAllKept() {
    List<Callable<Integer>> calls = new ArrayList<>();
    for (int thread = 0; thread < 16; thread++) {
      int number = thread;
      calls.add(() -> {
        for (int i = 0; i < 20; i++) {
          String name = number + "-" + i;
          snapshots.prepare(key("making " + name), null, NONE);
          commit("making " + name, name);
        }
        return number;
      });
    }
    assertTrue(Race.run(calls).stream().allMatch(Race.Outcome::succeeded));
    Map<SnapshotKey, Snapshot> before = all(snapshots);
    assertEquals(16 * 20, before.size());
    assertEquals(before, all(reopen(new PlainFiles())));
  }

  @Test
  void cleanupBesidePrepareTakesNothingAway() {
    List<Callable<Integer>> calls = new ArrayList<>();
    calls.add(() -> {
      for (int i = 0; i < 100; i++) {
        snapshots.cleanup();
      }
      return 0;
    });
    calls.add(() -> {
      for (int i = 0; i < 100; i++) {
        FsTree.of(file("/a", "x")).applyTo(prepare("a" + i, ""));
      }
      return 0;
    });
    for (Race.Outcome<Integer> outcome : Race.run(calls)) {
      assertTrue(outcome.succeeded(), outcome::toString);
    }
    all(snapshots)
        .keySet()
        .forEach(key ->
            FsTree.of(file("/a", "x"))
                .assertSameAs(Path.of(snapshots.mounts(key).getFirst().source())));
  }

  @Test
  void cleanupGoesOnAfterWhatCannotBeRemoved() throws IOException {
    Path first = prepare("a", "");
    Path second = prepare("b", "");
    snapshots.remove(key("a"));
    snapshots.remove(key("b"));
    immutable(first, true);
    try {
      assertThrows(RuntimeException.class, snapshots::cleanup);
      assertFalse(Files.exists(second));
    } finally {
      immutable(first, false);
    }
    snapshots.cleanup();
    assertEquals(Set.of(), directories());
  }

  /** A file that even root cannot delete, where the file system has that. */
  private static void immutable(Path directory, boolean on) throws IOException {
    Path stubborn = directory.resolve("stubborn");
    if (on) {
      Files.writeString(stubborn, "x");
    }
    try {
      Process chattr =
          new ProcessBuilder("chattr", on ? "+i" : "-i", stubborn.toString())
              .redirectErrorStream(true)
              .start();
      String said = new String(chattr.getInputStream().readAllBytes());
      Assumptions.assumeTrue(chattr.waitFor() == 0, said);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
