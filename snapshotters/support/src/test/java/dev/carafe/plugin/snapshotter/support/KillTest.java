package dev.carafe.plugin.snapshotter.support;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** SIGKILL in a loop of changes loses nothing that was reported. */
@ExtendWith(LeakCheck.class)
class KillTest {
  private static final int ROUNDS = 6;
  private static final Map<String, String> NONE = Map.of();

  @Test
  void killedSnapshotterKeepsWhatItReported(WorkDirectory work) throws Exception {
    Path root = Files.createDirectory(work.path().resolve("root"));
    Random random = new Random(7);
    Set<String> expected = new HashSet<>();
    for (int round = 0; round < ROUNDS; round++) {
      runAndKill(root, round, 5 + random.nextInt(100), expected);
      try (DirectorySnapshotter snapshots = DirectorySnapshotter.open(root, new PlainFiles())) {
        Set<String> found = new HashSet<>();
        snapshots.forEach(snapshot -> found.add(snapshot.key().value()));
        Set<String> lost = new HashSet<>(expected);
        lost.removeAll(found);
        // The last step may have been made and not reported.
        assertTrue(lost.size() <= 1, () -> "reported and lost: " + lost);
        Set<String> surplus = new HashSet<>(found);
        surplus.removeAll(expected);
        assertTrue(surplus.size() <= 1, () -> "never reported: " + surplus);
        assertEquals(lost.isEmpty(), expected.size() + surplus.size() == found.size());
        expected.clear();
        expected.addAll(found);
        snapshots.cleanup();
        try (var left = Files.list(root.resolve("snapshots"))) {
          assertEquals(found.size(), left.count());
        }
        for (String key : found) {
          snapshots.usage(new SnapshotKey(key));
        }
      }
    }
  }

  /** Lines are {@code +key} for what exists from now on and {@code -key} for what is gone. */
  private static void runAndKill(Path root, int round, int changes, Set<String> expected)
      throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Changer.class.getName(),
                root.toString(),
                Integer.toString(round))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader lines = process.inputReader()) {
      for (int i = 0; ; i++) {
        String line = lines.readLine();
        if (line == null && i < changes) {
          throw new IOException("the changer ended early");
        }
        if (line == null) {
          return;
        }
        if (i == changes) {
          process.toHandle().destroyForcibly();
        }
        for (String change : line.split(" ")) {
          if (change.startsWith("+")) {
            expected.add(change.substring(1));
          } else {
            expected.remove(change.substring(1));
          }
        }
      }
    } finally {
      process.destroyForcibly();
      process.waitFor();
    }
  }

  /** Prepares, commits and removes without end, and prints each change after the call. */
  static final class Changer {
    private Changer() {}

    public static void main(String[] arguments) throws IOException {
      Random random = new Random(Long.parseLong(arguments[1]));
      try (DirectorySnapshotter snapshots =
          DirectorySnapshotter.open(Path.of(arguments[0]), new PlainFiles())) {
        for (int i = 0; ; i++) {
          SnapshotKey active = new SnapshotKey("active-" + arguments[1] + "-" + i);
          SnapshotKey name = new SnapshotKey("name-" + arguments[1] + "-" + i);
          Path files = Path.of(snapshots.prepare(active, null, NONE).getFirst().source());
          System.out.println("+" + active);
          Files.writeString(files.resolve("a"), "x");
          snapshots.commit(new CommitRequest(active, name, null, NONE));
          System.out.println("-" + active + " +" + name);
          if (random.nextInt(3) == 0) {
            snapshots.remove(name);
            System.out.println("-" + name);
          }
          if (random.nextInt(5) == 0) {
            snapshots.cleanup();
          }
        }
      }
    }
  }
}
