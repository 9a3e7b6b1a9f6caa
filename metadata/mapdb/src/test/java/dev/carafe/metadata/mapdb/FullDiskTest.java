package dev.carafe.metadata.mapdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Small file systems of the test's own. */
@ExtendWith(LeakCheck.class)
class FullDiskTest {
  private static final MapdbConfig SMALL = new MapdbConfig(256 << 10, 64 << 10, 16 << 10, 1 << 20);
  private static final int RECORDS = 200;

  private Path mount;
  private Path directory;

  @BeforeEach
  void mount(WorkDirectory work) throws Exception {
    mount = Files.createDirectory(work.path().resolve("mount"));
    assumeTrue(
        run("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", mount.toString()) == 0,
        "may not mount");
    directory = mount.resolve("database");
  }

  @AfterEach
  void unmount() throws Exception {
    run("umount", mount.toString());
  }

  private static int run(String... command) throws IOException, InterruptedException {
    return new ProcessBuilder(command).inheritIO().start().waitFor();
  }

  private void fillDisk() throws IOException {
    try (var out =
        Files.newOutputStream(
            mount.resolve("ballast"), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      for (int size = 1 << 20; size > 0; size /= 2) {
        try {
          while (true) {
            out.write(new byte[size]);
          }
        } catch (IOException full) {
          assertTrue(full.getMessage().contains("No space"), full::getMessage);
        }
      }
    }
    assertEquals(0, Files.getFileStore(mount).getUsableSpace());
  }

  private static void put(MapdbDatabase database, int number) {
    byte[] value = new byte[200];
    new Random(number).nextBytes(value);
    database.write(tx -> tx.createBucketIfAbsent("a").put("key " + number, value));
  }

  /** Puts until the disk is full. */
  private static int exhaust(MapdbDatabase database) {
    int number = RECORDS;
    while (true) {
      try {
        put(database, number);
        number++;
      } catch (ResourceExhaustedException full) {
        return number;
      }
    }
  }

  @Test
  void fullDiskFailsPutsButNotReadsAndDeletes() throws IOException {
    int count;
    try (var database = MapdbDatabase.open(directory, SMALL)) {
      for (int number = 0; number < RECORDS; number++) {
        put(database, number);
      }
      fillDisk();
      count = exhaust(database);
      var content = Workload.dump(database);
      int refused = count;
      assertThrows(ResourceExhaustedException.class, () -> put(database, refused));
      assertEquals(content, Workload.dump(database));
      for (int number = 0; number < 100; number++) {
        String key = "key " + number;
        assertTrue(database.<Boolean>update(tx -> tx.createBucketIfAbsent("a").delete(key)));
      }
      assertEquals(content.size() - 100, Workload.dump(database).size());
      assertTrue(database.stats().failure().isEmpty());
    }
    try (var database = MapdbDatabase.open(directory, SMALL)) {
      assertEquals(count - 100, Workload.dump(database).size() - 2);
      assertThrows(ResourceExhaustedException.class, () -> put(database, 1));
      assertTrue(database.<Boolean>update(tx -> tx.root().deleteBucket("a")));
      Files.delete(mount.resolve("ballast"));
      put(database, 1);
      assertEquals(3, Workload.dump(database).size());
    }
  }

  @Test
  void checkpointWaitsForSpace() throws IOException {
    try (var database = MapdbDatabase.open(directory, SMALL)) {
      put(database, 1);
      fillDisk();
      // Room for the journal, and not for a checkpoint beside it.
      try (var ballast = Files.newByteChannel(mount.resolve("ballast"), StandardOpenOption.WRITE)) {
        ballast.truncate(ballast.size() - (768 << 10));
      }
      exhaust(database);
      database.awaitCheckpoint();
      assertTrue(database.stats().failedCheckpoints() > 0, () -> database.stats().toString());
      assertEquals(0, database.stats().checkpoints());
      var content = Workload.dump(database);
      Files.delete(mount.resolve("ballast"));
      for (int number = 0; database.stats().checkpoints() == 0 && number < 10_000; number++) {
        put(database, 1);
        database.awaitCheckpoint();
      }
      assertTrue(database.stats().checkpoints() > 0, () -> database.stats().toString());
      assertEquals(content, Workload.dump(database));
    }
    try (var paths = Files.list(directory)) {
      assertEquals(4, paths.count());
    }
  }

  /** The file system holds a hundredth of what is written. */
  @Test
  void millionUpdatesStaySmall() throws InterruptedException {
    int each = 1_000_000 / 8;
    try (var database = MapdbDatabase.open(directory, MapdbConfig.DEFAULT)) {
      var threads = new Thread[8];
      for (int i = 0; i < threads.length; i++) {
        int number = i;
        threads[i] =
            Thread.ofPlatform()
                .start(() -> {
                  byte[] value = new byte[100];
                  for (int round = 0; round < each; round++) {
                    String key = "key " + round % 500;
                    value[0] = (byte) round;
                    database.write(
                        tx -> tx.createBucketIfAbsent("thread " + number).put(key, value));
                  }
                });
      }
      for (Thread thread : threads) {
        thread.join();
      }
      database.awaitCheckpoint();
      assertEquals(1_000_000, database.stats().revision());
      assertTrue(database.stats().checkpoints() > 10, () -> database.stats().toString());
      assertTrue(database.stats().bytesOnDisk() < 16 << 20, () -> database.stats().toString());
      assertEquals(1 + 8 * 501, Workload.dump(database).size());
    }
  }
}
