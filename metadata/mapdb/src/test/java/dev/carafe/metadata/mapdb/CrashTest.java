package dev.carafe.metadata.mapdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.Trees;
import dev.carafe.testkit.WorkDirectory;
import dev.carafe.testkit.metadata.MemoryMetadataDatabase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A crash before and after every call that changes a file, in creation, commits, extensions and
 * checkpoints, with what was not forced lost in many ways.
 */
@ExtendWith(LeakCheck.class)
class CrashTest {
  private static final int TRANSACTIONS = 40;
  private static final MapdbConfig SMALL = new MapdbConfig(4096, 4096, 512, 1 << 20);

  /** What the database holds after each transaction. */
  private static List<Map<String, String>> expected(Workload workload, int count) {
    var contents = new ArrayList<Map<String, String>>();
    try (var model = new MemoryMetadataDatabase()) {
      contents.add(Workload.dump(model));
      for (int number = 1; number <= count; number++) {
        workload.run(model, number);
        contents.add(Workload.dump(model));
      }
    }
    return contents;
  }

  @Test
  void nothingAcknowledgedIsLostAtAnyPoint(WorkDirectory work) throws IOException {
    new Crashes(Scratch.directory(work), new Workload(400), TRANSACTIONS).run();
  }

  @Test
  void largeTransactionsTearCleanly(WorkDirectory work) throws IOException {
    new Crashes(Scratch.directory(work), new Workload(20_000), 9).run();
  }

  private static final class Crashes {
    private final Path live;
    private final Path image;
    private final Path lost;
    private final Workload workload;
    private final List<Map<String, String>> expected;
    private final AtomicInteger acknowledged = new AtomicInteger();
    private final CrashDisk disk = new CrashDisk(this::crash);
    private final Random random = new Random(4711);
    private MapdbDatabase database;
    private boolean nested;
    private int images;

    Crashes(Path directory, Workload workload, int count) throws IOException {
      this.live = Files.createDirectory(directory.resolve("live"));
      this.image = directory.resolve("image");
      this.lost = directory.resolve("lost");
      this.workload = workload;
      this.expected = expected(workload, count);
    }

    void run() {
      try (var opened = MapdbDatabase.open(live, SMALL, disk)) {
        database = opened;
        while (acknowledged.get() + 1 < expected.size()) {
          commit();
          database.awaitCheckpoint();
        }
        database = null;
        assertTrue(opened.stats().checkpoints() > 0, () -> opened.stats().toString());
        assertEquals(0, opened.stats().failedCheckpoints());
      }
      assertTrue(images > 200, () -> images + " images");
    }

    private void commit() {
      workload.run(database, acknowledged.get() + 1);
      acknowledged.incrementAndGet();
    }

    /** On the thread that works on the live database, which stands still meanwhile. */
    private void crash() {
      try {
        for (CrashDisk.Loss loss :
            List.of(
                CrashDisk.Loss.NONE,
                CrashDisk.Loss.ALL,
                CrashDisk.Loss.PREFIX,
                CrashDisk.Loss.SOME,
                CrashDisk.Loss.SOME)) {
          Files.createDirectory(image);
          disk.image(image, loss, random);
          check(loss);
          Trees.delete(image);
          images++;
        }
        crashAfterKill();
        if (disk.isWritingRecord()) {
          crashInNextCommit();
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      commitDuringCheckpoint();
    }

    /** So that a checkpoint in the making is not all there is to lose. */
    private void commitDuringCheckpoint() {
      boolean checkpoint = Thread.currentThread().getName().equals("metadata-checkpoint");
      if (checkpoint && !disk.isWritingRecord() && !nested && disk.points() % 4 == 0) {
        nested = true;
        if (acknowledged.get() + 1 < expected.size()) {
          commit();
        }
        nested = false;
      }
    }

    /** What a process shows that starts after a kill survives a loss of power right then. */
    private void crashAfterKill() throws IOException {
      Files.createDirectory(image);
      disk.image(image, CrashDisk.Loss.NONE, random);
      CrashDisk second = disk.afterKill(image);
      int shown;
      try (var again = MapdbDatabase.open(image, SMALL, second)) {
        shown = (int) again.stats().revision();
        Files.createDirectory(lost);
        second.image(lost, CrashDisk.Loss.ALL, random);
      }
      try (var again = MapdbDatabase.open(lost, SMALL, new ForwardingDisk())) {
        assertEquals(expected.get(shown), Workload.dump(again));
      }
      Trees.delete(lost);
      Trees.delete(image);
    }

    /** A torn record, and in its place the next one, torn as well. */
    private void crashInNextCommit() throws IOException {
      Files.createDirectory(image);
      disk.image(image, CrashDisk.Loss.SOME, random);
      var counter = new AtomicInteger();
      var disks = new ArrayList<CrashDisk>();
      var second =
          CrashDisk.of(
              image,
              () -> {
                if (disks.getFirst().isWritingRecord()) {
                  tear(disks.getFirst());
                  counter.incrementAndGet();
                }
              });
      disks.add(second);
      try (var again = MapdbDatabase.open(image, SMALL, second)) {
        int found = (int) again.stats().revision();
        if (found + 1 < expected.size()) {
          workload.run(again, found + 1);
          assertTrue(counter.get() > 0);
        }
      }
      Trees.delete(image);
    }

    private void tear(CrashDisk second) {
      try {
        for (int i = 0; i < 4; i++) {
          Files.createDirectory(lost);
          second.image(lost, CrashDisk.Loss.SOME, random);
          try (var again = MapdbDatabase.open(lost, SMALL, new ForwardingDisk())) {
            int found = (int) again.stats().revision();
            assertTrue(found >= acknowledged.get());
            assertEquals(expected.get(found), Workload.dump(again));
          }
          Trees.delete(lost);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private void check(CrashDisk.Loss loss) {
      int least = acknowledged.get();
      int found;
      try (var database = MapdbDatabase.open(image, SMALL, new ForwardingDisk())) {
        found = (int) database.stats().revision();
        assertTrue(
            found == least || found == least + 1,
            () ->
                "point %d, %s: %d acknowledged, %d found"
                    .formatted(disk.points(), loss, least, found(database)));
        assertEquals(expected.get(found), Workload.dump(database));
        if (found + 1 < expected.size()) {
          workload.run(database, found + 1);
          assertEquals(expected.get(found + 1), Workload.dump(database));
        }
      }
      if (found + 1 < expected.size()) {
        try (var database = MapdbDatabase.open(image, SMALL, new ForwardingDisk())) {
          assertEquals(expected.get(found + 1), Workload.dump(database));
        }
      }
    }

    private static long found(MapdbDatabase database) {
      return database.stats().revision();
    }
  }
}
