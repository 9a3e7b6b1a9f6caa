package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Every command of {@code ctr} beside containerd of the same version: the same output, complaints
 * and exit codes. What is to differ is in {@link CtrDifferences}.
 */
@ExtendWith(LeakCheck.class)
class CtrComparisonIT {
  /** Containers by containerd's runtime name run under conmon, whether or not there is a shim. */
  private static final String CONFIG = "[runtimes.\"io.containerd.runc.v2\"]\nbinary = \"runc\"\n";

  @Test
  void commandsOfCtr16DoWhatTheyDoOnContainerd16(Lab lab) throws Exception {
    compare(lab, Setup.tool("containerd").getParent(), false);
  }

  @Test
  void commandsOfCtr2DoWhatTheyDoOnContainerd2(Lab lab) throws Exception {
    Optional<Path> programs = Setup.newerContainerd();
    assumeTrue(
        programs.isPresent(), "containerd 2 is not below target/peers (./dev test puts it there)");
    compare(lab, programs.get(), true);
  }

  private static void compare(Lab lab, Path programs, boolean newer) throws Exception {
    // Given
    Path ctr = programs.resolve("ctr");
    Map<String, String> theirs;
    Path home = lab.directory("peer");
    try (PeerContainerd peer = PeerContainerd.start(home, programs)) {
      theirs =
          new CtrScript(ctr, newer, peer.socket(), lab.namespace(), home, lab.directory("theirs"))
              .run();
    }
    // When
    TestDaemon daemon = lab.daemon(CONFIG);
    Map<String, String> ours =
        new CtrScript(
                ctr,
                newer,
                daemon.socket(),
                lab.namespace(),
                lab.work().resolve("d0"),
                lab.directory("ours"))
            .run();
    // Then
    Map<String, String> differences = new TreeMap<>();
    theirs.forEach((command, answer) -> {
      String own = ours.getOrDefault(command, "not run");
      if (!CtrDifferences.same(command, answer, own)) {
        differences.put(command, "\ncontainerd: " + answer + "\nthis:       " + own + "\n");
      }
    });
    assertEquals(Map.of(), differences);
    assertEquals(theirs.keySet(), ours.keySet());
  }
}
