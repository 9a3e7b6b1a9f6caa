package dev.carafe.metadata.mapdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.Race;
import dev.carafe.testkit.Trees;
import dev.carafe.testkit.WorkDirectory;
import dev.carafe.testkit.metadata.MemoryMetadataDatabase;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Real processes, really killed. */
@ExtendWith(LeakCheck.class)
class KillTest {
  private static final int ROUNDS = 24;
  private static final int AT_ONCE = 4;
  private static final MapdbConfig SMALL = new MapdbConfig(4096, 4096, 512, 1 << 20);

  @Test
  void noCommitIsLostInAnyRound(WorkDirectory work) throws IOException, InterruptedException {
    var rounds = new KillRounds(work.path().resolve("database"), 1);
    for (int round = 0; round < ROUNDS; round++) {
      rounds.round();
    }
  }

  /**
   * A child commits and checkpoints; at its Nth call that changes a file it kills itself, with half
   * of the bytes written if the call is a write. N goes up until the child lives.
   */
  @Test
  void everyCallIsAGoodMomentToDie(WorkDirectory work) throws Exception {
    var expected = expected();
    Set<String> killedIn = ConcurrentHashMap.newKeySet();
    boolean finished = false;
    for (int call = 1; !finished; call += AT_ONCE) {
      var children = new ArrayList<Callable<Boolean>>();
      for (int one = call; one < call + AT_ONCE; one++) {
        int number = one;
        children.add(() -> finishes(work.path(), number, expected, killedIn));
      }
      for (Race.Outcome<Boolean> outcome : Race.run(children)) {
        finished |= Boolean.TRUE.equals(outcome.value());
        assertNull(outcome.failure());
      }
    }
    for (ForwardingDisk.Kind kind : ForwardingDisk.Kind.values()) {
      if (kind != ForwardingDisk.Kind.TRUNCATE) {
        assertTrue(killedIn.contains("killed in " + kind), () -> kind + " not in " + killedIn);
      }
    }
  }

  /** Whether a child that is to die in its Nth call lives to its end. Checks what it left. */
  private static boolean finishes(
      Path work, int call, List<Map<String, String>> expected, Set<String> killedIn)
      throws IOException, InterruptedException {
    Path directory = work.resolve("killed-" + call);
    Process child =
        Child.start(List.of(), Suicidal.class, directory.toString(), Integer.toString(call));
    int acknowledged = 0;
    boolean finished = false;
    try (var lines = new Scanner(child.getInputStream())) {
      while (lines.hasNextLine()) {
        String line = lines.nextLine();
        switch (line.charAt(0)) {
          case 'a' -> acknowledged++;
          case 'k' -> killedIn.add(line);
          case 'f' -> finished = true;
          default -> throw new AssertionError(line);
        }
      }
    } finally {
      child.destroyForcibly().waitFor();
    }
    assertEquals(finished ? 0 : 128 + 9, child.exitValue());
    try (var database = MapdbDatabase.open(directory, SMALL)) {
      int found = (int) database.stats().revision();
      assertTrue(
          found == acknowledged || found == acknowledged + 1,
          "call %d: %d acknowledged, %d found".formatted(call, acknowledged, found));
      assertEquals(expected.get(found), Workload.dump(database));
    }
    Trees.delete(directory);
    return finished;
  }

  private static List<Map<String, String>> expected() {
    var contents = new ArrayList<Map<String, String>>();
    try (var model = new MemoryMetadataDatabase()) {
      contents.add(Workload.dump(model));
      for (int number = 1; number <= Suicidal.TRANSACTIONS; number++) {
        new Workload(Suicidal.LARGEST).run(model, number);
        contents.add(Workload.dump(model));
      }
    }
    return contents;
  }

  /** Arguments: directory, and the call in which to die. */
  static final class Suicidal {
    static final int TRANSACTIONS = 7;
    static final int LARGEST = 600;

    private Suicidal() {}

    public static void main(String[] arguments) {
      var disk = new KillingDisk(Integer.parseInt(arguments[1]));
      try (var database = MapdbDatabase.open(Path.of(arguments[0]), SMALL, disk)) {
        for (int number = 1; number <= TRANSACTIONS; number++) {
          new Workload(LARGEST).run(database, number);
          System.out.println("acknowledged");
          System.out.flush();
          database.awaitCheckpoint();
        }
        if (database.stats().checkpoints() == 0) {
          throw new AssertionError("no checkpoint");
        }
      }
      System.out.println("finished");
    }
  }

  private static final class KillingDisk extends ForwardingDisk {
    private int left;

    KillingDisk(int left) {
      this.left = left;
    }

    @Override
    boolean forces() {
      return true;
    }

    @Override
    void before(Kind kind, Path path, long position, byte[] bytes, int length) throws IOException {
      if (--left > 0) {
        return;
      }
      if (kind == Kind.WRITE || kind == Kind.WRITE_DURABLE) {
        try (var output = new SystemDisk().open(path)) {
          output.write(position, bytes, length / 2);
        }
      }
      System.out.println("killed in " + kind);
      System.out.flush();
      new ProcessBuilder("kill", "-9", Long.toString(ProcessHandle.current().pid())).start();
      while (true) {
        Thread.onSpinWait();
      }
    }
  }
}
