package dev.carafe.testkit.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.linux.TreeRemover;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.metadata.MetadataDatabase;
import dev.carafe.spi.metadata.ReadTransaction;
import dev.carafe.spi.metadata.WritableBucket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What the next process finds. */
abstract class DatabaseRecoveryChecks extends DatabaseChecks {
  DatabaseRecoveryChecks(MetadataDatabaseConformance suite) {
    super(suite);
  }

  private void fill() {
    var random = new Random(7);
    for (int i = 0; i < 200; i++) {
      int number = i;
      database.write(tx -> {
        WritableBucket bucket = tx.createBucketIfAbsent("a", "b" + random.nextInt(10));
        bucket.put("k" + random.nextInt(20), bytes("value " + number));
        bucket.nextSequence();
        bucket.delete("k" + random.nextInt(20));
        if (number % 23 == 0) {
          tx.createBucketIfAbsent("a").deleteBucket("b" + random.nextInt(10));
        }
      });
    }
    assertThrows(
        NotFoundException.class,
        () ->
            database.write(tx -> {
              tx.createBucketIfAbsent("never");
              throw new NotFoundException("thrown");
            }));
  }

  private void check(MetadataDatabase before, MetadataDatabase after) {
    if (harness.survivesRestart()) {
      assertEquals(dump(before), dump(after));
      assertEquals(
          before.<Long>view(ReadTransaction::revision),
          after.<Long>view(ReadTransaction::revision));
    } else {
      assertEquals(Map.of("/", "sequence 0"), dump(after));
    }
  }

  @Test
  @DisplayName("META-RECO-01 everything is there after an orderly restart")
  void orderlyRestart() {
    fill();
    var expected = dump(database);
    long revision = database.view(ReadTransaction::revision);
    database.close();
    database = work.closeLater(harness.open(root));
    if (harness.survivesRestart()) {
      assertEquals(expected, dump(database));
      assertEquals(revision, database.<Long>view(ReadTransaction::revision));
      put("k", "v", "after");
      assertEquals(revision + 1, database.<Long>view(ReadTransaction::revision));
    } else {
      assertEquals(Map.of("/", "sequence 0"), dump(database));
    }
  }

  @Test
  @DisplayName("META-RECO-02 everything that was committed is there after a crash")
  void crash() throws IOException {
    fill();
    Path copy = work.path().resolve("copy");
    copy(root, copy);
    check(database, work.closeLater(harness.open(copy)));
  }

  @Test
  @DisplayName("META-RECO-03 a database survives many restarts")
  void manyRestarts() {
    for (int i = 0; i < 10; i++) {
      put("k" + i, "v", "a");
      var expected = dump(database);
      database.close();
      database = work.closeLater(harness.open(root));
      if (harness.survivesRestart()) {
        assertEquals(expected, dump(database));
      }
    }
  }

  /** As the files are at one moment, though the database works on them in the background. */
  private static void copy(Path from, Path to) throws IOException {
    for (int attempt = 1; attempt <= 1000; attempt++) {
      Map<Path, FileTime> before = times(from);
      if (copied(from, to) && times(from).equals(before)) {
        return;
      }
      TreeRemover.remove(to);
    }
    throw new IOException(from + " is never at rest");
  }

  private static boolean copied(Path from, Path to) throws IOException {
    try (Stream<Path> paths = Files.walk(from)) {
      for (Path path : paths.toList()) {
        Files.copy(path, to.resolve(from.relativize(path).toString()));
      }
      return true;
    } catch (NoSuchFileException | UncheckedIOException e) {
      return false;
    }
  }

  private static Map<Path, FileTime> times(Path directory) throws IOException {
    Map<Path, FileTime> times = new HashMap<>();
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.toList()) {
        times.put(path, Files.getLastModifiedTime(path));
      }
    } catch (NoSuchFileException | UncheckedIOException e) {
      return Map.of();
    }
    return times;
  }
}
