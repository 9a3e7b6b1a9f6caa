package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Content, snapshots, leases, namespaces, events and garbage collection through the CLI. */
@ExtendWith(LeakCheck.class)
class StoresIT {
  private static final ImageStock.Stocked BUSYBOX = ImageStock.busybox();

  @Test
  void blobThatNothingHoldsIsCollectedAndALeaseHoldsIt(Lab lab) {
    Carafe carafe = lab.daemon("[gc]\nstartup_delay = \"1h\"\n").carafe();
    String digest = Digests.sha256("blob".getBytes(StandardCharsets.UTF_8));
    carafe.program("content", "ingest", "--expected-size", "4", "r1").input("blob").run().ok();
    assertEquals("blob", carafe.ok("content", "get", digest));
    carafe.ok("gc");
    assertEquals("", carafe.ok("content", "ls", "-q"));
    assertTrue(carafe.run("content", "get", digest).oneLineError().contains("not found"));
  }

  @Test
  void wrongSizeOrDigestIsRefusedAndNothingIsKept(Lab lab) {
    Carafe carafe = lab.daemon().carafe();
    Program ingest = carafe.program("content", "ingest", "--expected-size", "5", "r1");
    assertTrue(ingest.input("four").run().oneLineError().contains("unexpected commit size"));
    Program other =
        carafe.program("content", "ingest", "--expected-digest", Digests.sha256(new byte[1]), "r2");
    assertTrue(other.input("x").run().oneLineError().contains("unexpected commit digest"));
    assertEquals("", carafe.ok("content", "ls", "-q"));
  }

  @Test
  void snapshotsFormATreeAndOnlyLeavesAreRemoved(Lab lab) {
    Carafe carafe = lab.daemonWithBusybox().carafe();
    String top = BUSYBOX.image().chainIds().getLast();
    for (String snapshotter : List.of("overlayfs", "native")) {
      boolean overlay = snapshotter.equals("overlayfs");
      List<String> parent = overlay ? List.of(top) : List.of();
      snapshots(carafe, snapshotter, "prepare", "a1", parent);
      snapshots(carafe, snapshotter, "commit", "n1", List.of("a1"));
      snapshots(carafe, snapshotter, "view", "v1", List.of("n1"));
      String refused =
          carafe.run("snapshots", "rm", "--snapshotter", snapshotter, "n1").oneLineError();
      assertTrue(refused.contains("n1"), refused);
      JsonNode info = carafe.json("snapshots", "info", "--snapshotter", snapshotter, "v1");
      assertEquals("n1", info.get("parent").asText());
      String mounts = carafe.ok("snapshots", "mounts", "--snapshotter", snapshotter, "/x", "v1");
      // An overlay without an upper directory is read-only.
      assertTrue(
          overlay ? !mounts.contains("upperdir=") : mounts.matches("(?s).*[ ,]ro[,\n].*"), mounts);
      carafe.ok("snapshots", "rm", "--snapshotter", snapshotter, "v1", "n1");
    }
  }

  private static void snapshots(
      Carafe carafe, String snapshotter, String verb, String key, List<String> more) {
    List<String> words =
        new java.util.ArrayList<>(List.of("snapshots", verb, "--snapshotter", snapshotter, key));
    words.addAll(more);
    carafe.ok(words.toArray(String[]::new));
  }

  @Test
  void namespacesSeeTheirOwnAndGoOnlyWhenEmpty(Lab lab) {
    TestDaemon daemon = lab.daemonWithBusybox();
    Carafe carafe = daemon.carafe();
    Carafe other = carafe.in(carafe.namespace() + "-b");
    assertEquals("", other.ok("images", "ls", "-q"));
    assertEquals("", other.ok("content", "ls", "-q"));
    other.ok("pull", "--quiet", BUSYBOX.name());
    assertTrue(carafe.run("namespaces", "rm", other.namespace()).oneLineError().contains("empty"));
    carafe.ok("images", "rm", "--sync", BUSYBOX.name());
    assertEquals(BUSYBOX.name() + "\n", other.ok("images", "ls", "-q"));
    assertEquals("still\n", other.ok("run", "--rm", BUSYBOX.name(), "c1", "echo", "still"));
    other.ok("images", "rm", "--sync", BUSYBOX.name());
    carafe.ok("namespaces", "rm", other.namespace());
  }

  @Test
  void eventsTellOfEverythingInOrder(Lab lab) {
    Carafe carafe = lab.daemonWithBusybox().carafe();
    try (Program.Running events = carafe.program("events", "--format", "json").start()) {
      Events.awaitSubscribed(carafe, events);
      carafe.ok("run", "--rm", BUSYBOX.name(), "c1", "true");
      Await.until(
          "the container is gone",
          () -> Events.topics(events, "c1").contains("/containers/delete"));
      List<String> tasks =
          Events.topics(events, "c1").stream()
              .filter(topic -> topic.startsWith("/tasks/"))
              .toList();
      assertEquals(List.of("/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"), tasks);
    }
  }

  @Test
  void eventsAreFiltered(Lab lab) {
    Carafe carafe = lab.daemonWithBusybox().carafe();
    try (Program.Running some =
            carafe.program("events", "--format", "json", "topic~=\"/tasks/\"").start();
        Program.Running all = carafe.program("events", "--format", "json").start()) {
      Events.awaitSubscribed(carafe, all);
      Await.until(
          "the filtered subscription is served",
          () -> {
            carafe.ok("run", "--rm", BUSYBOX.name(), "probe", "true");
            return !Events.all(some).isEmpty();
          });
      Set<String> topics = new TreeSet<>();
      Events.all(some).forEach(event -> topics.add(event.get("topic").asText()));
      assertTrue(topics.stream().allMatch(topic -> topic.startsWith("/tasks/")), topics::toString);
    }
  }

  @Test
  void leaseEndsAndTakesAlongWhatOnlyItHeld(Lab lab) {
    Carafe carafe = lab.daemon().carafe();
    carafe.ok("leases", "create", "--id", "l1", "--expires", "1h", "a=b");
    JsonNode lease = carafe.json("leases", "ls", "--format", "json").get(0);
    assertEquals("l1", lease.get("id").asText());
    assertTrue(
        carafe.run("leases", "create", "--id", "l1").oneLineError().contains("already exists"));
    carafe.ok("leases", "rm", "--sync", "l1");
    assertEquals("", carafe.ok("leases", "ls", "-q"));
    assertTrue(carafe.run("leases", "rm", "l1").oneLineError().contains("not found"));
  }
}
