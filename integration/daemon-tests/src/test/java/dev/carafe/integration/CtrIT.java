package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Debian's {@code ctr} does on this daemon what it does on containerd. */
@ExtendWith(LeakCheck.class)
class CtrIT {
  private static final ImageStock.Stocked BUSYBOX = ImageStock.busybox();
  private static final String IMAGE = BUSYBOX.name();

  private static Ctr withImage(Lab lab) {
    Ctr ctr = Ctr.on(lab.daemon());
    ctr.ok("images", "pull", "--plain-http", IMAGE);
    return ctr;
  }

  @Test
  void versionAndPluginsAreThoseOfAContainerd(Lab lab) {
    Ctr ctr = Ctr.on(lab.daemon());
    assertTrue(ctr.ok("version").contains("v2.3."), "a version that clients can read");
    List<String> plugins =
        ctr.lines("plugins", "ls").stream()
            .filter(line -> line.stripTrailing().endsWith("ok"))
            .map(line -> line.split(" +")[0] + " " + line.split(" +")[1])
            .toList();
    for (String plugin :
        List.of(
            "io.containerd.snapshotter.v1 overlayfs",
            "io.containerd.snapshotter.v1 native",
            "io.containerd.content.v1 content",
            "io.containerd.gc.v1 scheduler",
            "io.containerd.grpc.v1 tasks")) {
      assertTrue(plugins.contains(plugin), () -> plugin + " is not among " + plugins);
    }
  }

  @Test
  void pullByTheClientItselfMakesTheSameImage(Lab lab) {
    TestDaemon daemon = lab.daemon();
    Ctr ctr = Ctr.on(daemon);
    ctr.ok("images", "pull", "--plain-http", IMAGE);
    assertEquals(List.of(IMAGE), ctr.lines("images", "ls", "-q"));
    StoreFiles.assertOnly(daemon, BUSYBOX);
    BUSYBOX
        .image()
        .files()
        .assertSameAs(
            MountedTree.of(
                lab, daemon.carafe(), "overlayfs", BUSYBOX.image().chainIds().getLast()));
    assertTrue(ctr.ok("images", "check").contains(" complete ("), "all of the image is there");
    ctr.ok("images", "tag", IMAGE, "example.com/other:1");
    assertEquals(2, ctr.lines("images", "ls", "-q").size());
    ctr.ok("images", "rm", "--sync", IMAGE, "example.com/other:1");
    StoreFiles.assertEmpty(daemon);
  }

  @Test
  void nativeSnapshotterServesTheClientsUnpack(Lab lab) {
    Ctr ctr = Ctr.on(lab.daemon());
    ctr.ok("images", "pull", "--plain-http", "--snapshotter", "native", IMAGE);
    assertEquals("n\n", ctr.ok("run", "--rm", "--snapshotter", "native", IMAGE, "c1", "echo", "n"));
  }

  @Test
  void runPassesOutputAndExitCodeAndLeavesNothing(Lab lab) {
    Ctr ctr = withImage(lab);
    Result result =
        ctr.run(
            "run", "--rm", "--env", "A=b", IMAGE, "c1", "sh", "-c", "echo $A; echo e >&2; exit 7");
    assertEquals("b\n", result.code(7).out());
    assertTrue(result.err().startsWith("e\n"), result::toString);
    assertEquals(List.of(), ctr.lines("containers", "ls", "-q"));
  }

  @Test
  void runGetsATerminal(Lab lab) {
    Ctr ctr = withImage(lab);
    Program inner = ctr.program("run", "--rm", "-t", IMAGE, "c1", "sh", "-c", "tty; stty size");
    String command = String.join(" ", inner.command());
    Result result =
        Program.of("script", "-qec", "stty rows 21 cols 98; " + command, "/dev/null").run();
    assertTrue(
        result.ok().contains("/dev/pts/") && result.out().contains("21 98"), result::toString);
  }

  @Test
  void detachedTaskIsShownExecutedInSignalledAndRemoved(Lab lab) {
    Ctr ctr = withImage(lab);
    ctr.ok("run", "-d", IMAGE, "c1", "sleep", "1000");
    List<String> tasks = ctr.lines("tasks", "ls");
    assertTrue(tasks.getLast().matches("c1 +\\d+ +RUNNING"), tasks::toString);
    Result exec = ctr.run("tasks", "exec", "--exec-id", "e1", "c1", "sh", "-c", "echo x; exit 9");
    assertEquals("x\n", exec.code(9).out());
    assertTrue(ctr.ok("tasks", "ps", "c1").lines().count() >= 2, "its processes are listed");
    ctr.ok("tasks", "pause", "c1");
    assertTrue(ctr.ok("tasks", "ls").contains("PAUSED"), "it is paused");
    ctr.ok("tasks", "resume", "c1");
    assertTrue(ctr.ok("tasks", "metrics", "c1").contains("memory.usage_in_bytes"), "cgroup v1");
    assertTrue(ctr.ok("containers", "info", "c1").contains("\"io.containerd.runc.v2\""), "runtime");
    ctr.ok("tasks", "kill", "-s", "SIGKILL", "c1");
    Await.until("it is stopped", () -> ctr.ok("tasks", "ls").contains("STOPPED"));
    assertTrue(ctr.run("tasks", "rm", "c1").code(0).err().contains("exit code 137"), "its code");
    ctr.ok("containers", "rm", "c1");
    assertEquals(List.of(), ctr.lines("containers", "ls", "-q"));
  }

  @Test
  void contentIsListedReadIngestedAndLabelled(Lab lab) {
    // Given: nothing holds the blob, and no collection comes after the start
    Ctr ctr = Ctr.on(lab.daemon("[gc]\nstartup_delay = \"1h\"\n"));
    String blob = "some bytes";
    String digest = Digests.sha256(blob.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    ctr.program("content", "ingest", "--expected-digest", digest, "ref1").input(blob).run().ok();
    assertEquals(blob, ctr.ok("content", "get", digest));
    ctr.ok("content", "label", digest, "a=b", "containerd.io/gc.root=now");
    assertTrue(ctr.ok("content", "ls").contains("a=b"), "the label is listed");
    String absent = Digests.sha256(new byte[] {1});
    Result wrong =
        ctr.program("content", "ingest", "--expected-digest", absent, "ref2").input("other").run();
    assertTrue(
        wrong.code(1).err().contains("unexpected commit digest"),
        () -> "what clients look for: " + wrong);
    ctr.ok("content", "rm", digest);
    assertTrue(ctr.run("content", "get", digest).code(1).err().contains("not found"), "it is gone");
  }

  @Test
  void snapshotsArePreparedMountedCommittedAndRemoved(Lab lab) {
    Ctr ctr = withImage(lab);
    String top = BUSYBOX.image().chainIds().getLast();
    Path target = lab.directory("mnt");
    String mount = ctr.ok("snapshots", "prepare", "--target", target.toString(), "a1", top).strip();
    assertTrue(mount.startsWith("mount -t overlay "), mount);
    Program.of("sh", "-c", mount).run().ok();
    Program.of("sh", "-c", "echo new > " + target + "/new").run().ok();
    Program.of("umount", target.toString()).run().ok();
    ctr.ok("snapshots", "commit", "n1", "a1");
    assertTrue(ctr.ok("snapshots", "info", "n1").contains("\"Committed\""), "its kind");
    assertTrue(ctr.ok("snapshots", "diff", top, "n1").length() > 100, "an archive");
    Result parent = ctr.run("snapshots", "rm", top);
    assertTrue(
        parent.code(1).err().contains("cannot remove snapshot with child"), parent::toString);
    ctr.ok("snapshots", "rm", "n1");
    assertTrue(ctr.ok("snapshots", "tree").contains(top), "the image's snapshot stays");
  }

  @Test
  void leasesHoldAndNamespacesAreKeptApart(Lab lab) {
    Ctr ctr = withImage(lab);
    assertEquals("l1", ctr.ok("leases", "create", "--id", "l1").strip());
    assertTrue(ctr.ok("leases", "ls").contains("l1"), "it is listed");
    ctr.ok("leases", "rm", "l1");
    Ctr other = new Ctr(ctr.socket(), ctr.namespace() + "-other");
    assertEquals(List.of(), other.lines("images", "ls", "-q"));
    other.ok("namespaces", "create", other.namespace(), "a=b");
    assertTrue(other.ok("namespaces", "ls").contains("a=b"), "its label");
    Result busy = ctr.run("namespaces", "rm", ctr.namespace());
    assertTrue(busy.code(1).err().contains("must be empty"), busy::toString);
    other.ok("namespaces", "rm", other.namespace());
  }

  @Test
  void eventsOfARunComeInContainerdsOrder(Lab lab) {
    Ctr ctr = withImage(lab);
    try (Program.Running events = ctr.program("events").start()) {
      Await.until(
          "the subscription is served",
          () -> {
            ctr.ok("leases", "create", "--id", "probe");
            ctr.ok("leases", "rm", "probe");
            ctr.ok("images", "label", IMAGE, "probe=1");
            return events.out().contains("/images/update");
          });
      ctr.ok("run", "--rm", IMAGE, "c1", "true");
      List<String> expected =
          List.of(
              "/snapshot/prepare",
              "/containers/create",
              "/tasks/create",
              "/tasks/start",
              "/tasks/exit",
              "/tasks/delete",
              "/snapshot/remove",
              "/containers/delete");
      Await.until("all events have come", () -> topics(events).containsAll(expected));
      List<String> seen = topics(events).stream().filter(expected::contains).toList();
      // The client removes the snapshot and the container in an order of its own.
      assertEquals(expected.subList(0, 6), seen.subList(0, 6));
    }
  }

  private static List<String> topics(Program.Running events) {
    return events
        .out()
        .lines()
        .map(line -> line.split(" "))
        .filter(words -> words.length > 5)
        .map(words -> words[5])
        .toList();
  }
}
