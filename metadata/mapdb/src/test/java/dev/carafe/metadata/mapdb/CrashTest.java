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
    new Crashes(Scratch.directory(work), new Workload(20_000), 6).run();
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
    private int images;

    Crashes(Path directory, Workload workload, int count) throws IOException {
      this.live = Files.createDirectory(directory.resolve("live"));
      this.image = directory.resolve("image");
      this.lost = directory.resolve("lost");
      this.workload = workload;
      this.expected = expected(workload, count);
    }

    void run() {
      try (var database = MapdbDatabase.open(live, SMALL, disk)) {
        for (int number = 1; number < expected.size(); number++) {
          workload.run(database, number);
          acknowledged.set(number);
          database.awaitCheckpoint();
        }
        assertTrue(database.stats().checkpoints() > 2, () -> database.stats().toString());
        assertEquals(0, database.stats().failedCheckpoints());
      }
      assertTrue(images > 200, () -> images + " images");
    }

    /** On the thread that works on the live database, which stands still meanwhile. */
    private void crash() {
      for (CrashDisk.Loss loss :
          List.of(
              CrashDisk.Loss.NONE,
              CrashDisk.Loss.ALL,
              CrashDisk.Loss.PREFIX,
              CrashDisk.Loss.SOME,
              CrashDisk.Loss.SOME)) {
        try {
          Files.createDirectory(image);
          disk.image(image, loss, random);
          check(loss);
          Trees.delete(image);
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
        images++;
      }
      crashTwice();
    }

    /** What a process shows that starts after a kill survives a loss of power right then. */
    private void crashTwice() {
      try {
        Files.createDirectory(image);
        disk.image(image, CrashDisk.Loss.NONE, random);
        CrashDisk second = disk.afterKill();
        int shown;
        try (var database = MapdbDatabase.open(image, SMALL, second)) {
          shown = (int) database.stats().revision();
          Trees.delete(lost);
          Files.createDirectory(lost);
          second.image(lost, CrashDisk.Loss.ALL, random);
        }
        try (var database = MapdbDatabase.open(lost, SMALL, new ForwardingDisk())) {
          assertEquals(expected.get(shown), Workload.dump(database));
        }
        Trees.delete(image);
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
            () -> "point %d, %s: %d acknowledged, %d found".formatted(
                disk.points(), loss, least, found(database)));
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
