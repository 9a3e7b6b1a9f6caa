package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import dev.carafe.api.services.tasks.v1.TasksGrpc;
import dev.carafe.api.services.tasks.v1.UpdateTaskRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What can be done with a running container. */
@ExtendWith(LeakCheck.class)
class TasksIT {
  private static final String IMAGE = ImageStock.busybox().name();

  /** A container {@code c1} that runs a shell script in the background. */
  private static Carafe running(Lab lab, String script, String... flags) {
    Carafe carafe = lab.daemonWithBusybox().carafe();
    start(lab, carafe, script, flags);
    return carafe;
  }

  private static void start(Lab lab, Carafe carafe, String script, String... flags) {
    List<String> words = new ArrayList<>(List.of("run", "-d", "--log-uri", "file://" + log(lab)));
    words.addAll(List.of(flags));
    words.addAll(List.of(IMAGE, "c1", "sh", "-c", script));
    carafe.ok(words.toArray(String[]::new));
  }

  private static Path log(Lab lab) {
    return lab.work().resolve("log");
  }

  private static String logged(Lab lab) {
    return Leaks.read(log(lab));
  }

  private static String status(Carafe carafe) {
    return carafe.json("tasks", "ls", "--format", "json").get(0).get("status").asText();
  }

  @Test
  void execRunsWithTheContainersEnvironmentAndExitsWithItsCode(Lab lab) {
    Carafe carafe = running(lab, "sleep 100", "-e", "FROM=run", "-w", "/tmp");
    Result result =
        carafe.run("tasks", "exec", "c1", "sh", "-c", "echo $FROM $(pwd); echo err >&2; exit 6");
    assertEquals("run /tmp\n", result.code(6).out());
    assertEquals("err\n", result.err());
    assertEquals(
        "added /bin\n",
        carafe.ok(
            "tasks",
            "exec",
            "-e",
            "FROM=added",
            "-w",
            "/bin",
            "c1",
            "sh",
            "-c",
            "echo $FROM $(pwd)"));
    assertEquals("65534\n", carafe.ok("tasks", "exec", "-u", "65534:65534", "c1", "id", "-u"));
    assertEquals(
        "typed", carafe.program("tasks", "exec", "-i", "c1", "cat").input("typed").run().ok());
    assertEquals("RUNNING", status(carafe));
  }

  @Test
  void execGetsATerminal(Lab lab) {
    Carafe carafe = running(lab, "sleep 100");
    Program inner =
        carafe.program("tasks", "exec", "-t", "c1", "sh", "-c", "tty; stty size; exit 3");
    String command =
        inner.command().stream().map(word -> "'" + word + "'").collect(Collectors.joining(" "));
    Result result =
        Program.of("script", "-qec", "stty rows 20 cols 99; " + command, "/dev/null").run();
    assertTrue(
        result.code(3).out().contains("/dev/pts/") && result.out().contains("20 99"),
        result::toString);
  }

  @Test
  void wrongExecsAreOneLineErrors(Lab lab) {
    Carafe carafe = running(lab, "sleep 100");
    assertTrue(carafe.run("tasks", "exec", "none", "true").oneLineError().contains("not found"));
    String missing = carafe.run("tasks", "exec", "c1", "no-such-program").code(1).err();
    assertTrue(missing.lines().toList().getLast().startsWith("carafe: "), missing);
    carafe.ok("tasks", "exec", "-d", "--exec-id", "e1", "c1", "sleep", "100");
    String taken = carafe.run("tasks", "exec", "--exec-id", "e1", "c1", "true").oneLineError();
    assertTrue(taken.contains("already exists"), taken);
    carafe.ok("tasks", "kill", "-s", "KILL", "--exec-id", "e1", "c1");
    carafe.run("tasks", "wait", "--exec-id", "e1", "c1").code(137);
  }

  @Test
  void aCommandThatCannotBeStartedIsOneLineInTheDaemonsLog(Lab lab) {
    // Given
    TestDaemon daemon = lab.daemonWithBusybox();
    Carafe carafe = daemon.carafe();

    // When
    String run = carafe.run("run", "--rm", IMAGE, "c1", "no-such-program").err();
    carafe.ok("run", "-d", IMAGE, "c2", "sleep", "100");
    carafe.run("tasks", "exec", "c2", "no-such-exec");

    // Then
    assertTrue(run.contains("executable file not found in $PATH"), run);
    for (String program : List.of("no-such-program", "no-such-exec")) {
      assertEquals(
          1, daemon.log().lines().filter(line -> line.contains(program)).count(), daemon::log);
    }
    assertFalse(daemon.log().contains("\tat "), daemon::log);
  }

  @Test
  void manyExecsRunAtOnce(Lab lab) {
    Carafe carafe = running(lab, "sleep 100");
    List<Program.Running> execs = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      String script = "echo " + i + "; exit " + i;
      execs.add(lab.closeLater(carafe.program("tasks", "exec", "c1", "sh", "-c", script).start()));
    }
    for (int i = 0; i < execs.size(); i++) {
      assertEquals(i + "\n", execs.get(i).await(Program.PATIENCE).code(i).out());
    }
    assertEquals(1, carafe.lines("tasks", "ls", "-q").size());
  }

  @Test
  void signalsReachTheProcess(Lab lab) {
    Carafe carafe =
        running(
            lab,
            "trap 'echo usr1' USR1; trap 'echo term; exit 42' TERM; echo ready; while :; do sleep 0.05; done");
    Await.until("ready", () -> logged(lab).contains("ready"));
    carafe.ok("tasks", "kill", "-s", "USR1", "c1");
    Await.until("the signal was seen", () -> logged(lab).contains("usr1"));
    carafe.ok("tasks", "kill", "c1");
    carafe.run("tasks", "wait", "c1").code(42);
    String late = carafe.run("tasks", "kill", "c1").oneLineError();
    assertTrue(late.contains("process already finished"), late);
  }

  @Test
  void killedContainerExitsWith137(Lab lab) {
    Carafe carafe = running(lab, "sleep 100");
    try (Program.Running waiting = carafe.program("tasks", "wait", "c1").start()) {
      carafe.ok("tasks", "kill", "-s", "KILL", "c1");
      waiting.await(Program.PATIENCE).code(137);
    }
    // Also for those who ask after the end, and again.
    carafe.run("tasks", "wait", "c1").code(137);
    carafe.run("tasks", "wait", "c1").code(137);
    assertEquals("STOPPED", status(carafe));
  }

  @Test
  void killAllEndsEveryProcess(Lab lab) {
    Carafe carafe = running(lab, "sleep 1000 & sleep 1000 & wait", "--host-namespace", "pid");
    Await.until(
        "three processes", () -> carafe.json("tasks", "ps", "--format", "json", "c1").size() == 3);
    carafe.ok("tasks", "kill", "-s", "KILL", "--all", "c1");
    carafe.run("tasks", "wait", "c1").code(137);
    Await.until(
        "no process is left",
        () -> Leaks.processes(lab).stream().noneMatch(p -> p.contains("sleep")));
  }

  @Test
  void deletionEndsProcessesThatOutliveTheFirst(Lab lab) {
    Carafe carafe = running(lab, "sleep 1000 & exit 5", "--host-namespace", "pid");
    carafe.run("tasks", "wait", "c1").code(5);
    carafe.ok("tasks", "rm", "c1");
    Await.until("no process is left", () -> Leaks.processes(lab).isEmpty());
    assertEquals(List.of(), Leaks.cgroups(lab));
  }

  @Test
  void pausedContainerStandsStillUntilItIsResumed(Lab lab) throws IOException {
    Carafe carafe = running(lab, "while :; do echo tick; sleep 0.02; done");
    Await.until("it ticks", () -> logged(lab).lines().count() > 3);
    carafe.ok("tasks", "pause", "c1");
    assertEquals("PAUSED", status(carafe));
    assertTrue(carafe.run("tasks", "pause", "c1").oneLineError().contains("c1"));
    assertTrue(carafe.run("tasks", "exec", "c1", "true").oneLineError().contains("paused"));
    long still = Files.size(log(lab));
    // Several of its periods, filled with something useful.
    carafe.ok("tasks", "ps", "c1");
    assertEquals(still, Files.size(log(lab)));
    carafe.ok("tasks", "resume", "c1");
    Await.until("it ticks again", () -> Files.size(log(lab)) > still);
    assertEquals("RUNNING", status(carafe));
    assertTrue(carafe.run("tasks", "resume", "c1").oneLineError().contains("c1"));
  }

  @Test
  void processesAreListedWithTheirExec(Lab lab) {
    Carafe carafe = running(lab, "sleep 100");
    carafe.ok("tasks", "exec", "-d", "--exec-id", "mine", "c1", "sleep", "100");
    JsonNode processes = carafe.json("tasks", "ps", "--format", "json", "c1");
    List<String> execs =
        StreamSupport.stream(processes.spliterator(), false)
            .map(process -> process.get("exec_id").asText())
            .sorted()
            .toList();
    assertEquals("mine", execs.getLast(), execs::toString);
    long pid = carafe.json("tasks", "ls", "--format", "json").get(0).get("pid").asLong();
    assertTrue(
        StreamSupport.stream(processes.spliterator(), false)
            .anyMatch(process -> process.get("pid").asLong() == pid),
        processes::toString);
  }

  @Test
  void metricsAreThoseOfTheCgroup(Lab lab) {
    Carafe carafe = running(lab, "x=$(seq 1 100000); sleep 100", "--memory", "64M");
    JsonNode metrics = carafe.json("tasks", "metrics", "--format", "json", "c1").get("metrics");
    JsonNode memory = metrics.get("memory");
    long usage =
        memory.has("usage") && memory.get("usage").isObject()
            ? memory.get("usage").get("usage").asLong()
            : memory.get("usage").asLong();
    assertTrue(usage > 100_000 && usage <= 64 << 20, metrics::toString);
    assertTrue(metrics.get("pids").get("current").asInt() >= 1, metrics::toString);
    assertTrue(carafe.ok("tasks", "metrics", "c1").contains("pids.current"));
  }

  @Test
  void containerThatTakesTooMuchMemoryIsKilledAndReported(Lab lab) {
    Carafe carafe = lab.daemonWithBusybox().carafe();
    try (Program.Running events = carafe.program("events", "--format", "json").start()) {
      Events.awaitSubscribed(carafe, events);
      Result result =
          carafe.run(
              "run",
              "--memory",
              "16M",
              IMAGE,
              "c1",
              "sh",
              "-c",
              "exec dd if=/dev/zero of=/dev/null bs=64M count=1");
      result.code(137);
      Await.until(
          "the end is reported", () -> Events.topics(events, "c1").contains("/tasks/delete"));
      List<String> tasks =
          Events.topics(events, "c1").stream()
              .filter(topic -> topic.startsWith("/tasks/"))
              .toList();
      assertEquals(
          List.of("/tasks/create", "/tasks/start", "/tasks/oom", "/tasks/exit", "/tasks/delete"),
          tasks);
    }
    carafe.ok("containers", "rm", "c1");
  }

  @Test
  void aChildThatTakesTooMuchMemoryIsReportedWhileTheTaskRuns(Lab lab) {
    // Given
    TestDaemon daemon = lab.daemonWithBusybox();
    Carafe carafe = daemon.carafe();
    Path go = lab.directory("shared").resolve("go");
    String script =
        "n=0; while :; do [ -e /s/go ] && rm /s/go && tail -c 100000000 /dev/zero; sleep 0.05; done";
    try (Program.Running events = carafe.program("events", "--format", "json").start()) {
      Events.awaitSubscribed(carafe, events);
      start(
          lab,
          carafe,
          script,
          "--memory",
          "16M",
          "--mount",
          "type=bind,src=" + go.getParent() + ",dst=/s,options=rbind:rw");

      // When
      touch(go);

      // Then
      Await.until("it is told", () -> kills(events) == 1);
      assertEquals("RUNNING", status(carafe));

      // When
      touch(go);

      // Then
      Await.until("the second is told", () -> kills(events) == 2);
      carafe.ok("tasks", "kill", "-s", "KILL", "c1");
      carafe.run("tasks", "wait", "c1").code(137);
      carafe.ok("tasks", "rm", "c1");
      Await.until(
          "the end is reported", () -> Events.topics(events, "c1").contains("/tasks/delete"));
      assertEquals(
          List.of(
              "/tasks/create",
              "/tasks/start",
              "/tasks/oom",
              "/tasks/oom",
              "/tasks/exit",
              "/tasks/delete"),
          Events.topics(events, "c1").stream()
              .filter(topic -> topic.startsWith("/tasks/"))
              .toList());
    }
  }

  @Test
  void aKillOfAChildIsToldOnceAlsoOverARestart(Lab lab) {
    // Given
    TestDaemon daemon = lab.daemonWithBusybox();
    try (Program.Running events = daemon.carafe().program("events", "--format", "json").start()) {
      Events.awaitSubscribed(daemon.carafe(), events);
      start(
          lab,
          daemon.carafe(),
          "tail -c 100000000 /dev/zero; echo killed; sleep 1000",
          "--memory",
          "16M");
      Await.until("it is told", () -> kills(events) == 1);
    }

    // When
    daemon.kill();
    daemon.start();

    // Then
    try (Program.Running events = daemon.carafe().program("events", "--format", "json").start()) {
      Events.awaitSubscribed(daemon.carafe(), events);
      daemon.carafe().ok("tasks", "kill", "-s", "KILL", "c1");
      Await.until("the end is reported", () -> Events.topics(events, "c1").contains("/tasks/exit"));
      assertEquals(List.of("/tasks/exit"), Events.topics(events, "c1"));
    }
  }

  private static void touch(Path file) {
    try {
      Files.createFile(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long kills(Program.Running events) {
    return Events.topics(events, "c1").stream().filter("/tasks/oom"::equals).count();
  }

  @Test
  void runningTaskIsNotRemoved(Lab lab) {
    Carafe carafe = running(lab, "sleep 100");
    assertTrue(carafe.run("tasks", "rm", "c1").oneLineError().contains("running"));
    assertEquals("RUNNING", status(carafe));
    carafe.ok("tasks", "rm", "--force", "c1");
    assertEquals(List.of(), carafe.lines("tasks", "ls", "-q"));
    assertTrue(carafe.run("tasks", "wait", "c1").oneLineError().contains("not found"));
    carafe.ok("containers", "rm", "c1");
  }

  @Test
  void containerRunsAgainAfterItsTaskWasRemoved(Lab lab) {
    Carafe carafe = lab.daemonWithBusybox().carafe();
    carafe.ok(
        "containers", "create", IMAGE, "c1", "sh", "-c", "echo run >>/count; cat /count; exit 2");
    assertEquals("run\n", carafe.run("tasks", "start", "c1").code(2).out());
    assertEquals("run\nrun\n", carafe.run("tasks", "start", "c1").code(2).out());
    carafe.ok("containers", "rm", "c1");
  }

  @Test
  void limitsOfARunningContainerChange(Lab lab) {
    TestDaemon daemon = lab.daemonWithBusybox();
    start(lab, daemon.carafe(), "sleep 100", "--memory", "64M");
    TasksGrpc.newBlockingStub(daemon.api().in(daemon.namespace()))
        .update(
            UpdateTaskRequest.newBuilder()
                .setContainerId("c1")
                .setResources(
                    Any.newBuilder()
                        .setTypeUrl(
                            "types.containerd.io/opencontainers/runtime-spec/1/LinuxResources")
                        .setValue(ByteString.copyFromUtf8("{\"memory\":{\"limit\":33554432}}")))
                .build());
    assertEquals(
        "33554432",
        Cgroups.read(daemon.carafe(), "c1", "memory/memory.limit_in_bytes", "memory.max"));
  }

  @Test
  void twoTasksOfOneContainerAreRefused(Lab lab) {
    Carafe carafe = running(lab, "sleep 100");
    assertTrue(carafe.run("tasks", "start", "-d", "c1").oneLineError().contains("already exists"));
    assertEquals("RUNNING", status(carafe));
  }

  @Test
  void containerIsNotRemovedFromUnderItsTask(Lab lab) {
    Carafe carafe = running(lab, "sleep 100");
    assertTrue(carafe.run("containers", "rm", "c1").oneLineError().contains("is running"));
    assertEquals(List.of("c1"), carafe.lines("containers", "ls", "-q"));
    carafe.ok("tasks", "kill", "-s", "KILL", "c1");
    carafe.run("tasks", "wait", "c1").code(137);
    carafe.ok("containers", "rm", "c1");
    assertEquals(List.of(), carafe.lines("tasks", "ls", "-q"));
    assertEquals(1, carafe.lines("snapshots", "ls", "-q").size());
  }
}
