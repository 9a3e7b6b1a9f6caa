package dev.carafe.plugin.content.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** SIGKILL in a loop of commits loses nothing that was reported and leaves nothing wrong. */
@ExtendWith(LeakCheck.class)
class KillTest {
  private static final int ROUNDS = 6;

  @Test
  void killedStoreKeepsWhatItReported(WorkDirectory work) throws Exception {
    Path root = Files.createDirectory(work.path().resolve("root"));
    Random random = new Random(42);
    Set<Digest> reported = new HashSet<>();
    for (int round = 0; round < ROUNDS; round++) {
      reported.addAll(runAndKill(root, round, 5 + random.nextInt(60)));
      LocalContentStore store = LocalContentStore.open(root);
      Set<Digest> found = new HashSet<>();
      store.forEachBlob(info -> found.add(info.digest()));
      assertTrue(found.containsAll(reported), () -> "reported and lost");
      for (Digest digest : found) {
        try (var reader = store.open(digest)) {
          assertEquals(digest, Digest.of(reader.readAll(1 << 20)));
        }
      }
      for (var ingest : store.ingests()) {
        try (ContentWriter writer = store.writer(new IngestRequest(ingest.ref(), 0, null))) {
          writer.truncate();
        }
        store.abort(ingest.ref());
      }
      try (var left = Files.list(root.resolve("ingest"))) {
        assertEquals(0, left.count());
      }
    }
  }

  /** Starts a process that commits without end, and kills it after some commits. */
  private static Set<Digest> runAndKill(Path root, int round, int commits) throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Committer.class.getName(),
                root.toString(),
                Integer.toString(round))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    Set<Digest> reported = new HashSet<>();
    try (BufferedReader lines = process.inputReader()) {
      for (int i = 0; i < commits; i++) {
        String line = lines.readLine();
        if (line == null) {
          throw new IOException("the committer ended early");
        }
        reported.add(Digest.parse(line));
      }
      process.toHandle().destroyForcibly();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.length() == HASH_LINE) {
          reported.add(Digest.parse(line));
        }
      }
    } finally {
      process.destroyForcibly();
      process.waitFor();
    }
    return reported;
  }

  private static final int HASH_LINE = "sha256:".length() + 64;

  /** Commits random blobs, in pieces, and prints each digest once commit has returned. */
  static final class Committer {
    private Committer() {}

    public static void main(String[] arguments) {
      LocalContentStore store = LocalContentStore.open(Path.of(arguments[0]));
      Random random = new Random(Long.parseLong(arguments[1]));
      for (int i = 0; ; i++) {
        byte[] bytes = new byte[1 + random.nextInt(100_000)];
        random.nextBytes(bytes);
        try (ContentWriter writer = store.writer(new IngestRequest("ref " + i, 0, null))) {
          int middle = bytes.length / 2;
          writer.write(ByteBuffer.wrap(bytes, 0, middle));
          writer.write(ByteBuffer.wrap(bytes, middle, bytes.length - middle));
          Digest digest = writer.commit(bytes.length, null, Map.of());
          System.out.println(digest);
        }
      }
    }
  }
}
