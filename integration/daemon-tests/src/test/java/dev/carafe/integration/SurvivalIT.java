package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What outlives a daemon: containers with their output and exit codes, and everything stored. */
@ExtendWith(LeakCheck.class)
class SurvivalIT {
  private static final String IMAGE = ImageStock.busybox().name();
  private static final int MANY = 20;
  private static final int KILLS = 12;

  private static void end(TestDaemon daemon, boolean killed) {
    if (killed) {
      daemon.kill();
    } else {
      daemon.stop();
    }
  }

  private static String status(Carafe carafe, String id) {
    return statuses(carafe).getOrDefault(id, "none");
  }

  private static Map<String, String> statuses(Carafe carafe) {
    Map<String, String> statuses = new TreeMap<>();
    for (JsonNode task : carafe.json("tasks", "ls", "--format", "json")) {
      statuses.put(task.get("id").asText(), task.get("status").asText());
    }
    return statuses;
  }

  @ParameterizedTest(name = "killed: {0}")
  @ValueSource(booleans = {true, false})
  void containerRunsOnAndKeepsItsOutput(boolean killed, Lab lab) {
    // Given
    TestDaemon daemon = lab.daemonWithBusybox();
    Carafe carafe = daemon.carafe();
    Path log = lab.work().resolve("c.log");
    Path go = lab.directory("shared");
    carafe.ok(
        "run",
        "-d",
        "--log-uri",
        "file://" + log,
        "--mount",
        "type=bind,src=" + go + ",dst=/shared",
        IMAGE,
        "c1",
        "sh",
        "-c",
        "i=0; while [ ! -e /shared/end ]; do echo $i; i=$((i+1)); sleep 0.01; done; echo last; exit 33");
    String pid = carafe.json("tasks", "ls", "--format", "json").get(0).get("pid").asText();
    Await.until("it writes", () -> Leaks.read(log).contains("5\n"));
    // When
    end(daemon, killed);
    long before = Leaks.read(log).lines().count();
    Await.until("it writes without a daemon", () -> Leaks.read(log).lines().count() > before + 5);
    daemon.start();
    // Then
    assertEquals("RUNNING", status(carafe, "c1"));
    assertEquals(pid, carafe.json("tasks", "ls", "--format", "json").get(0).get("pid").asText());
    assertEquals("in it\n", carafe.ok("tasks", "exec", "c1", "echo", "in it"));
    try (Program.Running waiting = carafe.program("tasks", "wait", "c1").start()) {
      carafe.ok("tasks", "exec", "c1", "touch", "/shared/end");
      waiting.await(Program.PATIENCE).code(33);
    }
    List<String> written = Leaks.read(log).lines().toList();
    assertEquals("last", written.getLast());
    for (int i = 0; i < written.size() - 1; i++) {
      assertEquals(Integer.toString(i), written.get(i), "a line was lost");
    }
    carafe.ok("tasks", "rm", "c1");
    carafe.ok("containers", "rm", "c1");
  }

  @ParameterizedTest(name = "killed: {0}")
  @ValueSource(booleans = {true, false})
  void exitCodeOfAContainerThatEndedMeanwhileIsKept(boolean killed, Lab lab) {
    // Given
    TestDaemon daemon = lab.daemonWithBusybox();
    Carafe carafe = daemon.carafe();
    Path shared = lab.directory("shared");
    carafe.ok(
        "run",
        "-d",
        "--mount",
        "type=bind,src=" + shared + ",dst=/shared",
        IMAGE,
        "c1",
        "sh",
        "-c",
        "while [ ! -e /shared/end ]; do sleep 0.01; done; exit 44");
    long pid = carafe.json("tasks", "ls", "--format", "json").get(0).get("pid").asLong();
    // When
    end(daemon, killed);
    Program.of("touch", shared.resolve("end").toString()).run().ok();
    Await.until("it has ended", () -> ProcessHandle.of(pid).isEmpty());
    daemon.start();
    // Then
    carafe.run("tasks", "wait", "c1").code(44);
    assertEquals("STOPPED", status(carafe, "c1"));
    carafe.ok("tasks", "rm", "c1");
  }

  @Test
  void containerKilledWithoutADaemonIsReportedAsKilled(Lab lab) {
    TestDaemon daemon = lab.daemonWithBusybox();
    Carafe carafe = daemon.carafe();
    carafe.ok("run", "-d", IMAGE, "c1", "sleep", "1000");
    long pid = carafe.json("tasks", "ls", "--format", "json").get(0).get("pid").asLong();
    daemon.kill();
    ProcessHandle.of(pid).orElseThrow().destroyForcibly();
    Await.until("it has ended", () -> ProcessHandle.of(pid).isEmpty());
    daemon.start();
    carafe.run("tasks", "wait", "c1").code(137);
  }

  @Test
  void clientsFifoIsWrittenOnAfterTheDaemonWasKilled(Lab lab) {
    // Given
    TestDaemon daemon = lab.daemonWithBusybox();
    Carafe carafe = daemon.carafe();
    Path fifo = lab.work().resolve("out");
    Program.of("mkfifo", fifo.toString()).run().ok();
    Path shared = lab.directory("shared");
    try (Program.Running reader = Program.of("cat", fifo.toString()).start()) {
      carafe.ok(
          "containers",
          "create",
          "--mount",
          "type=bind,src=" + shared + ",dst=/shared",
          IMAGE,
          "c1",
          "sh",
          "-c",
          "echo first; while [ ! -e /shared/go ]; do sleep 0.01; done; echo second");
      Tasks.create(daemon, "c1", fifo.toString());
      Tasks.start(daemon, "c1");
      Await.until("the first line", () -> reader.out().equals("first\n"));
      // When
      daemon.kill();
      daemon.start();
      Program.of("touch", shared.resolve("go").toString()).run().ok();
      // Then
      carafe.run("tasks", "wait", "c1").code(0);
      Await.until("the second line", () -> reader.out().equals("first\nsecond\n"));
      carafe.ok("tasks", "rm", "c1");
      // With the task its end of the FIFO goes, and the reader sees the end.
      reader.await(Duration.ofSeconds(10)).ok();
    }
  }

  @Test
  void sigtermStopsQuicklyAndLeavesContainersRunning(Lab lab) {
    // Given
    TestDaemon daemon = lab.daemonWithBusybox();
    Carafe carafe = daemon.carafe();
    for (int i = 0; i < 5; i++) {
      carafe.ok("run", "-d", IMAGE, "c" + i, "sleep", "1000");
    }
    Program.Running waiting = lab.closeLater(carafe.program("tasks", "wait", "c1").start());
    Program.Running events = lab.closeLater(carafe.program("events").start());
    // When
    Duration took = daemon.stop();
    // Then
    System.out.println("SIGTERM with five containers and two clients: " + took.toMillis() + " ms");
    assertEquals(0, daemon.exitCode() == 143 ? 0 : daemon.exitCode());
    assertEquals(
        5, Leaks.processes(lab).stream().filter(process -> process.contains("sleep 1000")).count());
    assertEquals(1, waiting.await(Duration.ofSeconds(10)).code());
    events.await(Duration.ofSeconds(10));
    daemon.start();
    assertTrue(
        statuses(carafe).values().stream().allMatch("RUNNING"::equals),
        () -> statuses(carafe).toString());
    assertEquals(5, statuses(carafe).size());
  }

  @Test
  void restartRecoversTwentyContainers(Lab lab) {
    // Given
    TestDaemon daemon = lab.daemonWithBusybox();
    Carafe carafe = daemon.carafe();
    for (int i = 0; i < MANY; i++) {
      carafe.ok("run", "-d", IMAGE, "c" + i, "sh", "-c", i % 2 == 0 ? "sleep 1000" : "exit " + i);
    }
    carafe.run("tasks", "wait", "c17").code(17);
    // When
    daemon.kill();
    daemon.start();
    // Then
    Map<String, String> expected = new TreeMap<>();
    for (int i = 0; i < MANY; i++) {
      expected.put("c" + i, i % 2 == 0 ? "RUNNING" : "STOPPED");
    }
    assertEquals(expected, statuses(carafe));
    carafe.run("tasks", "wait", "c19").code(19);
    carafe.ok("tasks", "rm", "--force", "c0", "c1", "c2", "c3");
    assertEquals(MANY - 4, statuses(carafe).size());
  }

  @Test
  void pausedContainerStaysPaused(Lab lab) {
    TestDaemon daemon = lab.daemonWithBusybox();
    Carafe carafe = daemon.carafe();
    carafe.ok(
        "run", "-d", IMAGE, "c1", "sh", "-c", "trap 'exit 3' TERM; while :; do sleep 0.05; done");
    carafe.ok("tasks", "pause", "c1");
    daemon.kill();
    daemon.start();
    assertEquals("PAUSED", status(carafe, "c1"));
    carafe.ok("tasks", "resume", "c1");
    carafe.ok("tasks", "kill", "c1");
    carafe.run("tasks", "wait", "c1").code(3);
  }

  @Test
  void execRunsOnAndKeepsItsExitCode(Lab lab) {
    TestDaemon daemon = lab.daemonWithBusybox();
    Carafe carafe = daemon.carafe();
    carafe.ok("run", "-d", IMAGE, "c1", "sleep", "1000");
    carafe.ok(
        "tasks",
        "exec",
        "-d",
        "--exec-id",
        "e1",
        "c1",
        "sh",
        "-c",
        "while [ ! -e /end ]; do sleep 0.01; done; exit 21");
    carafe.ok("tasks", "exec", "-d", "--exec-id", "e2", "c1", "sh", "-c", "exit 22");
    daemon.kill();
    daemon.start();
    carafe.ok("tasks", "exec", "c1", "touch", "/end");
    carafe.run("tasks", "wait", "--exec-id", "e1", "c1").code(21);
    carafe.run("tasks", "wait", "--exec-id", "e2", "c1").code(22);
  }

  @Test
  void daemonKilledAnywhereInARunLeavesAContainerThatCanBeRemoved(Lab lab) {
    TestDaemon daemon = lab.daemonWithBusybox();
    Carafe carafe = daemon.carafe();
    Random random = new Random(12);
    for (int round = 0; round < KILLS; round++) {
      String id = "c" + round;
      try (Program.Running run = carafe.program("run", "-d", IMAGE, id, "sleep", "1000").start()) {
        // From the container's record on, at some point of the task's creation and start.
        Path bundle =
            daemon
                .state()
                .resolve("io.containerd.service.v1.tasks-service/" + lab.namespace() + "/" + id);
        Await.until("under way", () -> bundle.toFile().exists() || !run.process().isAlive());
        Await.pause(random.nextLong(150_000_000));
        daemon.kill();
      }
      daemon.start();
      String status = status(carafe, id);
      assertTrue(
          List.of("none", "CREATED", "RUNNING").contains(status), () -> id + " is " + status);
      if (!status.equals("none")) {
        carafe.ok("tasks", "rm", "--force", id);
      }
      if (carafe.lines("containers", "ls", "-q").contains(id)) {
        // The name is free: the same container runs.
        carafe.ok("tasks", "start", "-d", id);
        carafe.ok("tasks", "rm", "--force", id);
        carafe.ok("containers", "rm", id);
      }
      assertEquals(List.of(), Leaks.cgroups(lab));
      // What has ended is a zombie until the machine's init has looked after it.
      Await.until("no process is left", () -> Leaks.processes(lab).isEmpty());
    }
    carafe.ok("gc");
    assertEquals(1, carafe.lines("snapshots", "ls", "-q").size());
  }

  @Test
  void everythingStoredIsThereAfterAKill(Lab lab) {
    // Given
    TestDaemon daemon = lab.daemonWithBusybox();
    Carafe carafe = daemon.carafe();
    carafe.ok("images", "tag", IMAGE, "example.test/other:name");
    carafe.ok("containers", "create", "--label", "a=b", IMAGE, "c1", "true");
    carafe.ok("leases", "create", "--id", "kept", "x=y");
    carafe.ok("namespaces", "create", lab.namespace() + "b", "k=v");
    List<List<String>> shown =
        List.of(
            List.of("images", "ls", "--format", "json"),
            List.of("containers", "info", "c1"),
            List.of("leases", "ls", "--format", "json"),
            List.of("namespaces", "ls", "--format", "json"),
            List.of("content", "ls", "--format", "json"),
            List.of("snapshots", "ls", "--format", "json"));
    List<String> before =
        shown.stream().map(words -> carafe.ok(words.toArray(String[]::new))).toList();
    // When
    daemon.kill();
    daemon.start();
    // Then
    assertEquals(
        before, shown.stream().map(words -> carafe.ok(words.toArray(String[]::new))).toList());
    carafe.ok("tasks", "start", "c1");
    assertFalse(daemon.log().contains(" error "), daemon::log);
  }
}
