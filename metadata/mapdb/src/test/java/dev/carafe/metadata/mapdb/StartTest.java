package dev.carafe.metadata.mapdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a start costs, and what MapDB's libraries do not do. */
@ExtendWith(LeakCheck.class)
class StartTest {
  /** Arguments: directory, transactions. */
  static final class Run {
    private Run() {}

    public static void main(String[] arguments) {
      var config = new MapdbConfig(4096, 4096, 512, 1 << 20);
      try (var database = MapdbDatabase.open(Path.of(arguments[0]), config)) {
        for (int number = 1; number <= Integer.parseInt(arguments[1]); number++) {
          new Workload(500).run(database, number);
          database.awaitCheckpoint();
        }
        System.out.println("checkpoints " + database.stats().checkpoints());
        System.out.println("entries " + Workload.dump(database).size());
      }
    }
  }

  private static String run(List<String> options, Path directory, int transactions)
      throws IOException, InterruptedException {
    Process child =
        Child.start(options, Run.class, directory.toString(), Integer.toString(transactions));
    try {
      String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertEquals(0, child.waitFor(), output);
      return output;
    } finally {
      child.destroyForcibly().waitFor();
    }
  }

  @Test
  void startAndReadsLoadNothingOfMapDb(WorkDirectory work)
      throws IOException, InterruptedException {
    Path directory = work.path().resolve("database");
    Path temporary = Files.createDirectory(work.path().resolve("tmp"));
    String first = run(List.of("-Djava.io.tmpdir=" + temporary, "-XX:-UsePerfData"), directory, 20);
    assertTrue(!first.contains("checkpoints 0"), first);
    try (var left = Files.list(temporary)) {
      assertEquals(List.of(), left.toList());
    }
    String second = run(List.of("-verbose:class"), directory, 0);
    assertTrue(second.contains("dev.carafe.metadata.mapdb.Table "), second);
    assertTrue(!second.contains("entries 0"), second);
    for (String foreign : List.of(" org.mapdb.", " kotlin.", " net.jpountz.")) {
      assertTrue(
          second.lines().noneMatch(line -> line.contains(foreign)),
          () -> second.lines().filter(line -> line.contains(foreign)).toList().toString());
    }
  }
}
