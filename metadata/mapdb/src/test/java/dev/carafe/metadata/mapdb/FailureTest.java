package dev.carafe.metadata.mapdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.metadata.mapdb.ForwardingDisk.Kind;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Disks that refuse. */
@ExtendWith(LeakCheck.class)
class FailureTest {
  private static final MapdbConfig SMALL = new MapdbConfig(4096, 4096, 512, 1 << 20);
  private static final MapdbConfig MANUAL = new MapdbConfig(256 << 20, 4096, 512, 1 << 20);

  private final Workload workload = new Workload(300);
  private final FailingDisk disk = new FailingDisk();
  private Path directory;

  @BeforeEach
  void directory(WorkDirectory work) throws IOException {
    directory = Scratch.directory(work).resolve("database");
  }

  @Test
  void failedForceIsFatal() {
    Map<String, String> before;
    try (var database = MapdbDatabase.open(directory, MANUAL, disk)) {
      workload.run(database, 1);
      before = Workload.dump(database);
      disk.fail("Input/output error", (kind, _) -> kind == Kind.WRITE_DURABLE);
      assertThrows(UnavailableException.class, () -> workload.run(database, 2));
      disk.fail("", (_, _) -> false);
      var after = assertThrows(UnavailableException.class, () -> workload.run(database, 2));
      assertTrue(after.getMessage().contains("unusable"), after::getMessage);
      assertThrows(UnavailableException.class, () -> database.view(_ -> 1));
      assertTrue(database.stats().failure().isPresent());
      assertEquals(1, database.stats().revision());
    }
    try (var database = MapdbDatabase.open(directory, MANUAL)) {
      assertEquals(before, Workload.dump(database));
      workload.run(database, 2);
    }
  }

  @Test
  void refusedExtensionFailsTheUpdateOnly() {
    try (var database = MapdbDatabase.open(directory, MANUAL, disk)) {
      int number = 1;
      disk.fail("No space left on device", (kind, _) -> kind == Kind.WRITE);
      while (succeeds(database, number)) {
        number++;
      }
      int refused = number;
      long size = database.stats().bytesOnDisk();
      assertThrows(ResourceExhaustedException.class, () -> workload.run(database, refused));
      assertEquals(size, database.stats().bytesOnDisk());
      assertEquals(refused - 1, database.stats().revision());
      assertTrue(database.<Boolean>update(tx -> tx.root().delete("last")));
      disk.fail("", (_, _) -> false);
      workload.run(database, refused);
      assertEquals(refused + 1, database.stats().revision());
    }
  }

  private boolean succeeds(MapdbDatabase database, int number) {
    try {
      workload.run(database, number);
      return true;
    } catch (ResourceExhaustedException full) {
      assertTrue(full.getMessage().contains("disk is full"), full::getMessage);
      return false;
    }
  }

  @Test
  void brokenExtensionIsFatal() {
    try (var database = MapdbDatabase.open(directory, MANUAL, disk)) {
      disk.fail("Input/output error", (kind, _) -> kind == Kind.WRITE);
      assertThrows(
          UnavailableException.class,
          () -> {
            for (int number = 1; number < 100; number++) {
              workload.run(database, number);
            }
          });
      assertTrue(database.stats().failure().isPresent());
    }
  }

  /** Each call that a checkpoint makes fails once; commits go on, and so do later checkpoints. */
  @Test
  void failedCheckpointHarmsNothing() {
    int calls = callsOfACheckpoint();
    assertTrue(calls > 10, () -> calls + " calls");
    for (int failing = 0; failing < calls; failing++) {
      Path here = directory.resolveSibling("failing-" + failing);
      var countdown = new AtomicInteger(failing);
      Map<String, String> expected;
      int number = 1;
      try (var database = MapdbDatabase.open(here, SMALL, disk)) {
        disk.fail(
            "Input/output error",
            (_, _) -> onCheckpointThread() && countdown.getAndDecrement() == 0);
        for (; database.stats().checkpoints() == 0; number++) {
          workload.run(database, number);
          database.awaitCheckpoint();
        }
        workload.run(database, number);
        assertTrue(database.stats().failure().isEmpty());
        expected = Workload.dump(database);
        disk.fail("", (_, _) -> false);
      }
      try (var database = MapdbDatabase.open(here, SMALL)) {
        assertEquals(expected, Workload.dump(database));
      }
    }
  }

  private int callsOfACheckpoint() {
    var calls = new AtomicInteger();
    disk.fail(
        "",
        (_, _) -> {
          if (onCheckpointThread()) {
            calls.incrementAndGet();
          }
          return false;
        });
    try (var database = MapdbDatabase.open(directory.resolveSibling("count"), SMALL, disk)) {
      for (int number = 1; database.stats().checkpoints() == 0; number++) {
        workload.run(database, number);
        database.awaitCheckpoint();
      }
    }
    return calls.get();
  }

  private static boolean onCheckpointThread() {
    return Thread.currentThread().getName().equals("metadata-checkpoint");
  }

  @Test
  void secondOpenerIsRefused() {
    try (var database = MapdbDatabase.open(directory, MANUAL)) {
      assertThrows(FailedPreconditionException.class, () -> MapdbDatabase.open(directory, MANUAL));
      workload.run(database, 1);
    }
    MapdbDatabase.open(directory, MANUAL).close();
  }

  @Test
  void unwritableDirectoryIsUnavailable() throws IOException {
    Path file = Files.writeString(directory, "a file");
    assertThrows(UnavailableException.class, () -> MapdbDatabase.open(file, MANUAL));
  }

  @Test
  void leftOversOfACrashAreRemoved() throws IOException {
    MapdbDatabase.open(directory, MANUAL).close();
    var layout = new Layout(directory);
    Files.writeString(layout.table(77), "unfinished");
    Files.writeString(Layout.temporary(layout.table(78)), "unfinished");
    Files.writeString(Layout.temporary(layout.manifest()), "unfinished");
    Files.writeString(layout.segment(9), "unused");
    Path foreign = Files.writeString(directory.resolve("checkpoint-x.table"), "not ours");
    MapdbDatabase.open(directory, MANUAL).close();
    assertFalse(Files.exists(layout.table(77)));
    assertFalse(Files.exists(Layout.temporary(layout.table(78))));
    assertFalse(Files.exists(Layout.temporary(layout.manifest())));
    assertFalse(Files.exists(layout.segment(9)));
    assertTrue(Files.exists(foreign));
  }
}
