package dev.carafe.metadata.mapdb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.Trees;
import dev.carafe.testkit.WorkDirectory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What check says and repair does. */
@ExtendWith(LeakCheck.class)
class RepairTest {
  private static final MapdbConfig MANUAL = new MapdbConfig(256 << 20, 4096, 512, 1 << 20);

  private final Workload workload = new Workload(300);
  private final List<Map<String, String>> expected = new ArrayList<>();
  private final List<Long> ends = new ArrayList<>();
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private Path root;
  private Path directory;

  @BeforeEach
  void fill(WorkDirectory work) throws IOException {
    root = Scratch.directory(work);
    directory = MapdbFactory.directory(root);
    try (var database = MapdbDatabase.open(directory, MANUAL)) {
      expected.add(Workload.dump(database));
      ends.add(database.segment().position());
      for (int number = 1; number <= 20; number++) {
        workload.run(database, number);
        expected.add(Workload.dump(database));
        ends.add(database.segment().position());
      }
    }
  }

  private PrintStream out() {
    return new PrintStream(printed, true, StandardCharsets.UTF_8);
  }

  private String printed() {
    return printed.toString(StandardCharsets.UTF_8);
  }

  private static void flip(Path file, long at) throws IOException {
    byte[] content = Files.readAllBytes(file);
    content[(int) at] ^= 4;
    Files.write(file, content);
  }

  private Path segment() {
    return new Layout(directory).segment(1);
  }

  @Test
  void badRecordWithValidOnesBehindRefusesAndNamesTheCommand() throws IOException {
    flip(segment(), ends.get(11) + 40);
    var refused =
        assertThrows(DataLossException.class, () -> MapdbDatabase.open(directory, MANUAL));
    String message = refused.getMessage();
    assertTrue(message.contains("carafed db repair --root " + root), message);
    assertTrue(message.contains("byte " + ends.get(11)), message);
    assertTrue(message.contains("revision 12"), message);
    assertTrue(message.contains("valid records behind it"), message);
  }

  @Test
  void repairCutsAtTheBadRecordAndKeepsACopy() throws IOException {
    flip(segment(), ends.get(11) + 40);
    byte[] damaged = Files.readAllBytes(segment());
    assertFalse(DatabaseTool.check(directory, out()));
    assertArrayEquals(damaged, Files.readAllBytes(segment()));
    assertTrue(DatabaseTool.repair(directory, out()), this::printed);
    assertTrue(printed().contains("everything up to revision 11 is kept"), this::printed);
    assertArrayEquals(
        damaged,
        Files.readAllBytes(directory.resolve("damaged-1").resolve(segment().getFileName())));
    try (var database = MapdbDatabase.open(directory, MANUAL)) {
      assertEquals(expected.get(11), Workload.dump(database));
      workload.run(database, 12);
    }
    try (var database = MapdbDatabase.open(directory, MANUAL)) {
      assertEquals(expected.get(12), Workload.dump(database));
    }
  }

  @Test
  void repairMendsDamageOfEveryKind() throws IOException {
    Path whole = root.resolve("whole");
    Scratch.copy(directory, whole);
    byte[] content = Files.readAllBytes(segment());
    for (int at :
        new int[] {0, 100, 512, 520, ends.get(5).intValue(), ends.get(5).intValue() + 3}) {
      Files.write(segment(), content);
      flip(segment(), at);
      assertRepaired(at < 512 ? 0 : at < 600 ? 0 : 5);
      restore(whole);
    }
    for (long length : new long[] {0, 100, 512, ends.get(3), ends.get(3) + 1, ends.get(20)}) {
      byte[] shorter = Arrays.copyOf(content, (int) length);
      Files.write(segment(), shorter);
      assertRepaired(length <= 512 ? 0 : length < ends.get(20) ? 3 : 20);
      restore(whole);
    }
  }

  private void assertRepaired(int revision) throws IOException {
    assertTrue(DatabaseTool.repair(directory, out()), this::printed);
    try (var database = MapdbDatabase.open(directory, MANUAL)) {
      assertEquals(expected.get(revision), Workload.dump(database));
      if (revision < 20) {
        workload.run(database, revision + 1);
      }
    }
    assertTrue(DatabaseTool.check(directory, out()), this::printed);
  }

  private void restore(Path whole) throws IOException {
    Trees.delete(directory);
    Scratch.copy(whole, directory);
  }

  @Test
  void lostManifestIsRebuilt() throws IOException {
    checkpointAndGoOn();
    Path manifest = new Layout(directory).manifest();
    byte[] before = Files.readAllBytes(manifest);
    Files.delete(manifest);
    assertThrows(DataLossException.class, () -> MapdbDatabase.open(directory, MANUAL));
    assertFalse(DatabaseTool.check(directory, out()));
    assertTrue(DatabaseTool.repair(directory, out()), this::printed);
    assertArrayEquals(before, Files.readAllBytes(manifest));
    flip(manifest, 30);
    assertTrue(DatabaseTool.repair(directory, out()), this::printed);
    assertArrayEquals(before, Files.readAllBytes(manifest));
    try (var database = MapdbDatabase.open(directory, MANUAL)) {
      assertEquals(expected.getLast(), Workload.dump(database));
    }
  }

  /** Leaves the journal that the checkpoint replaced behind, as a crash may. */
  private void checkpointAndGoOn() throws IOException {
    byte[] old = Files.readAllBytes(segment());
    try (var database = MapdbDatabase.open(directory, new MapdbConfig(4096, 4096, 512, 1 << 20))) {
      workload.run(database, 21);
      database.awaitCheckpoint();
      assertEquals(1, database.stats().checkpoints());
      workload.run(database, 22);
      expected.add(Workload.dump(database));
    }
    Files.write(segment(), old);
  }

  @Test
  void damagedCheckpointIsNotMended() throws IOException {
    checkpointAndGoOn();
    flip(new Layout(directory).table(21), 5000);
    assertFalse(DatabaseTool.repair(directory, out()));
    assertTrue(printed().contains("restore the directory from a copy"), this::printed);
    assertThrows(DataLossException.class, () -> MapdbDatabase.open(directory, MANUAL));
  }

  @Test
  void healthyDatabaseIsLeftAlone() throws IOException {
    byte[] before = Files.readAllBytes(segment());
    assertTrue(DatabaseTool.check(directory, out()));
    assertTrue(printed().contains("content: ok, revision 20"), this::printed);
    assertTrue(DatabaseTool.repair(directory, out()));
    assertArrayEquals(before, Files.readAllBytes(segment()));
    assertFalse(Files.exists(directory.resolve("damaged-1")));
  }

  @Test
  void openDatabaseIsNotTouched() {
    try (var database = MapdbDatabase.open(directory, MANUAL)) {
      assertThrows(FailedPreconditionException.class, () -> DatabaseTool.check(directory, out()));
      assertThrows(FailedPreconditionException.class, () -> DatabaseTool.repair(directory, out()));
      assertEquals(expected.getLast(), Workload.dump(database));
    }
  }
}
