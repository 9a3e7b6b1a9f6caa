package dev.carafe.metadata.mapdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.DataLossException;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.Trees;
import dev.carafe.testkit.WorkDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Damage to any file is reported, or does not matter. It never yields other content. */
@ExtendWith(LeakCheck.class)
class DamageTest {
  private static final MapdbConfig SMALL = new MapdbConfig(4096, 4096, 512, 1 << 20);

  private Path closed;
  private Path killed;
  private Path trial;
  private Map<String, String> expected;

  /** A database with a checkpoint and records behind it, once closed in order and once killed. */
  @BeforeEach
  void fill(WorkDirectory work) throws IOException {
    Path scratch = Scratch.directory(work);
    closed = Files.createDirectory(scratch.resolve("closed"));
    killed = scratch.resolve("killed");
    trial = scratch.resolve("trial");
    var workload = new Workload(900);
    try (var database = MapdbDatabase.open(closed, SMALL)) {
      int number = 1;
      for (; database.stats().checkpoints() == 0; number++) {
        workload.run(database, number);
        database.awaitCheckpoint();
      }
      for (int last = number + 3; number < last; number++) {
        workload.run(database, number);
      }
      Scratch.copy(closed, killed);
      expected = Workload.dump(database);
    }
  }

  private interface Harm {
    byte[] to(byte[] content);
  }

  /** Opens a copy in which one file was harmed: true if that was harmless, false if reported. */
  private boolean isHarmless(Path origin, Path file, Harm harm) throws IOException {
    Trees.delete(trial);
    Files.createDirectory(trial);
    for (Path path : Opening.list(origin)) {
      if (!path.equals(file)) {
        Files.createLink(trial.resolve(path.getFileName()), path);
      }
    }
    byte[] content = Files.readAllBytes(file);
    Files.write(trial.resolve(file.getFileName()), harm.to(content));
    for (Path path : Opening.list(trial)) {
      if (Layout.segmentNumber(path).isPresent() && !path.endsWith(file.getFileName())) {
        Files.delete(path);
        Files.copy(origin.resolve(path.getFileName()), path);
      }
    }
    try (var database = MapdbDatabase.open(trial, SMALL, new ForwardingDisk())) {
      assertEquals(expected, Workload.dump(database));
      return true;
    } catch (DataLossException reported) {
      assertTrue(reported.getMessage().contains(trial.toString()), reported::getMessage);
      return false;
    }
  }

  private static List<Path> files(Path origin) throws IOException {
    return Opening.list(origin).stream().filter(path -> !path.endsWith("lock")).sorted().toList();
  }

  /** Every position of small files; of large ones the ends, and some between. */
  private static List<Integer> positions(long size, Random random) {
    var positions = new TreeSet<Integer>();
    for (int at = 0; at < size; at++) {
      if (size <= 1024 || at < 128 || at >= size - 128) {
        positions.add(at);
      }
    }
    while (size > 1024 && positions.size() < 600) {
      positions.add(random.nextInt((int) Math.min(size, size < 1 << 20 ? 5000 : size)));
    }
    return new ArrayList<>(positions);
  }

  @Test
  void flippedBitsAreReportedOrHarmless() throws IOException {
    var random = new Random(99);
    for (Path origin : List.of(closed, killed)) {
      for (Path file : files(origin)) {
        int reported = 0;
        int harmless = 0;
        for (int at : positions(Files.size(file), random)) {
          byte bit = (byte) (1 << random.nextInt(8));
          if (isHarmless(origin, file, content -> flip(content, at, bit))) {
            harmless++;
          } else {
            reported++;
          }
        }
        assertTrue(reported > 100, file + ": " + reported + " reported, " + harmless + " harmless");
        if (Layout.segmentNumber(file).isEmpty()) {
          assertEquals(0, harmless, file.toString());
        }
      }
    }
  }

  private static byte[] flip(byte[] content, int at, byte bit) {
    content[at] ^= bit;
    return content;
  }

  @Test
  void truncationsAreReportedOrHarmless() throws IOException {
    var random = new Random(98);
    for (Path origin : List.of(closed, killed)) {
      for (Path file : files(origin)) {
        for (int length : positions(Files.size(file), random)) {
          boolean harmless = isHarmless(origin, file, content -> Arrays.copyOf(content, length));
          if (Layout.segmentNumber(file).isEmpty()) {
            assertEquals(false, harmless, file + " at " + length);
          }
        }
      }
    }
  }

  @Test
  void overwrittenSectorsAreReportedOrHarmless() throws IOException {
    var random = new Random(97);
    for (Path origin : List.of(closed, killed)) {
      for (Path file : files(origin)) {
        long size = Files.size(file);
        for (int at = 0; at < size; at += size > 65_536 ? 16_384 : 512) {
          int from = at;
          byte[] garbage = new byte[512];
          random.nextBytes(garbage);
          isHarmless(
              origin,
              file,
              content -> {
                System.arraycopy(garbage, 0, content, from, Math.min(512, content.length - from));
                return content;
              });
        }
      }
    }
  }

  /**
   * Looks like a write that did not finish, and yet records behind it tell that it was finished.
   */
  @Test
  void clearedSectorsAreReportedOrHarmless() throws IOException {
    for (Path file : files(closed)) {
      long size = Files.size(file);
      for (int at = 0; at < size; at += size > 65_536 ? 16_384 : 512) {
        int from = at;
        isHarmless(
            closed,
            file,
            content -> {
              Arrays.fill(content, from, Math.min(content.length, from + 512), (byte) 0);
              return content;
            });
      }
    }
  }

  @Test
  void missingFilesAreReported() throws IOException {
    for (Path file : files(closed)) {
      Trees.delete(trial);
      Scratch.copy(closed, trial);
      Files.delete(trial.resolve(file.getFileName()));
      assertThrows(DataLossException.class, () -> MapdbDatabase.open(trial, SMALL), file::toString);
    }
  }

  @Test
  void filesOfAnotherDatabaseAreReported(WorkDirectory work) throws IOException {
    Path other = Scratch.directory(work).resolve("other");
    try (var database = MapdbDatabase.open(other, SMALL)) {
      var workload = new Workload(900);
      for (int number = 1; database.stats().checkpoints() == 0; number++) {
        workload.run(database, number);
        database.awaitCheckpoint();
      }
    }
    for (Path file : files(closed)) {
      if (Files.exists(other.resolve(file.getFileName())) && !file.endsWith("manifest")) {
        Trees.delete(trial);
        Scratch.copy(closed, trial);
        Path target = trial.resolve(file.getFileName());
        Files.write(target, Files.readAllBytes(other.resolve(file.getFileName())));
        assertThrows(
            DataLossException.class, () -> MapdbDatabase.open(trial, SMALL), file::toString);
      }
    }
  }
}
