package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Commands of {@code carafe} that no other test needs for its own ends. */
@ExtendWith(LeakCheck.class)
class ClientIT {
  private static final String IMAGE = ImageStock.busybox().name();

  @Test
  void attachTakesUpWhatADetachingClientLeft(Lab lab) {
    TestDaemon daemon = lab.daemonWithBusybox();
    Ctr.on(daemon).ok("run", "-d", IMAGE, "c1", "sh", "-c", "sleep 2; echo late; exit 5");
    Result result = daemon.carafe().run("tasks", "attach", "c1");
    assertEquals("late\n", result.code(5).out());
    Result gone = daemon.carafe().run("tasks", "attach", "absent");
    assertTrue(gone.oneLineError().contains("not found"), gone::toString);
  }

  @Test
  void labelsAreSetAndRemovedOnAllThatHasThem(Lab lab) {
    Carafe carafe = lab.daemonWithBusybox().carafe();
    carafe.ok("containers", "create", IMAGE, "c1", "true");
    String digest = ImageStock.busybox().image().manifestDigest();
    for (String[] what :
        new String[][] {
          {"images", IMAGE}, {"containers", "c1"}, {"content", digest}, {"snapshots", "c1"}
        }) {
      assertTrue(carafe.ok(what[0], "label", what[1], "a=b", "k=v").contains("a=b"), what[0]);
      String left = carafe.ok(what[0], "label", what[1], "a=");
      assertTrue(left.contains("k=v") && !left.contains("a=b"), left);
    }
    carafe.ok("containers", "rm", "c1");
  }

  @Test
  void checkpointSaysWhatItLacksAndTheTaskGoesOn(Lab lab) {
    Carafe carafe = lab.daemonWithBusybox().carafe();
    carafe.ok("run", "-d", IMAGE, "c1", "sleep", "1000");
    // The kernel or criu may be missing: then it is said, and nothing is lost.
    Result result =
        carafe.run("tasks", "checkpoint", "--image-path", lab.directory("criu").toString(), "c1");
    assertTrue(result.code() == 0 || result.oneLineError().contains("criu"), result::toString);
    assertTrue(carafe.ok("tasks", "ls").contains("RUNNING"), "it runs on");
  }
}
