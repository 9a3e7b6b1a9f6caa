package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import dev.carafe.api.events.TaskExit;
import dev.carafe.api.events.TaskOOM;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** containerd's shim, which answers for containerd's runtime name where it is installed. */
@ExtendWith(LeakCheck.class)
class ShimIT {
  private static final String IMAGE = ImageStock.busybox().name();
  private static final String RUNTIME = "io.containerd.runc.v2";
  private static final String SHIM = "containerd-shim-runc-v2";

  private static TestDaemon daemon(Lab lab) {
    TestDaemon daemon =
        lab.daemon(
            "[plugins.\"io.containerd.runtime.v2.shim\"]\ndirectories = [\""
                + Setup.tool(SHIM).getParent()
                + "\"]\n");
    daemon.carafe().ok("pull", "--quiet", IMAGE);
    return daemon;
  }

  /** Numbers of the shims of a test's daemons. */
  private static List<Long> shims(Lab lab) {
    return Leaks.processes(lab).stream()
        .filter(process -> process.contains(SHIM))
        .map(process -> Long.parseLong(process.split("[ :]", 3)[1]))
        .toList();
  }

  @Test
  void containersRunInShimsByContainerdsNameOnly(Lab lab) {
    Carafe carafe = daemon(lab).carafe();
    carafe.ok("run", "-d", "--runtime", "runc", IMAGE, "c1", "sleep", "1000");
    assertEquals(List.of(), shims(lab));
    carafe.ok("run", "-d", "--runtime", RUNTIME, IMAGE, "c2", "sleep", "1000");
    assertEquals(1, shims(lab).size());
    Result result =
        carafe.run("run", "--rm", "--runtime", RUNTIME, IMAGE, "c3", "sh", "-c", "echo o; exit 4");
    assertEquals("o\n", result.code(4).out());
    assertEquals("in\n", carafe.ok("tasks", "exec", "c2", "echo", "in"));
    carafe.ok("tasks", "kill", "-s", "KILL", "c2");
    carafe.run("tasks", "wait", "c2").code(137);
    carafe.ok("tasks", "rm", "c2");
    Await.until("the shim ends with its task", () -> shims(lab).isEmpty());
  }

  @Test
  void aChildThatTakesTooMuchMemoryIsToldByTheShimWhileTheTaskRuns(Lab lab) {
    // Given
    Carafe carafe = daemon(lab).carafe();
    try (Program.Running events = carafe.program("events", "--format", "json").start()) {
      Events.awaitSubscribed(carafe, events);

      // When
      carafe.ok(
          "run",
          "-d",
          "--runtime",
          RUNTIME,
          "--memory",
          "16M",
          IMAGE,
          "c1",
          "sh",
          "-c",
          // More than once: a shim looks for kills only once the task has been started.
          "while :; do tail -c 100000000 /dev/zero; sleep 1; done");

      // Then
      Await.until("it is told", () -> Events.topics(events, "c1").contains("/tasks/oom"));
      carafe.ok("tasks", "exec", "c1", "true");
      carafe.ok("tasks", "rm", "--force", "c1");
    }
  }

  /** What a shim does that cannot publish itself. */
  private static Program publish(TestDaemon daemon, String topic, byte[] event) {
    return Program.of(
            Setup.dist().resolve("bin/carafed"),
            List.of(
                "--address",
                daemon.socket().toString(),
                "publish",
                "--topic",
                topic,
                "--namespace",
                daemon.namespace()))
        .input(event);
  }

  private static byte[] event(Message message) {
    return Any.newBuilder()
        .setTypeUrl(message.getDescriptorForType().getFullName())
        .setValue(message.toByteString())
        .build()
        .toByteArray();
  }

  @Test
  void theDaemonsProgramPublishesForShims(Lab lab) {
    // Given
    TestDaemon daemon = lab.daemon();
    Carafe carafe = daemon.carafe();
    byte[] oom = event(TaskOOM.newBuilder().setContainerId("published").build());
    byte[] exit = event(TaskExit.newBuilder().setContainerId("published").build());
    try (Program.Running events = carafe.program("events", "--format", "json").start()) {
      Events.awaitSubscribed(carafe, events);

      // When
      publish(daemon, "/tasks/exit", exit).run().ok();
      publish(daemon, "/tasks/oom", oom).run().ok();

      // Then: the end of a task is for the engine to tell.
      Await.until("it is told", () -> !Events.topics(events, "published").isEmpty());
      assertEquals(List.of("/tasks/oom"), Events.topics(events, "published"));
    }
    assertTrue(publish(daemon, "no topic", oom).run().code(1).err().contains("topic"));
  }

  @Test
  void tasksSurviveTheDaemonAndEndWithTheirShim(Lab lab) {
    TestDaemon daemon = daemon(lab);
    Carafe carafe = daemon.carafe();
    carafe.ok("run", "-d", "--runtime", RUNTIME, IMAGE, "c1", "sleep", "1000");
    daemon.kill();
    daemon.start();
    assertEquals("1\n", carafe.ok("tasks", "exec", "c1", "echo", "1"));
    long shim = shims(lab).getFirst();
    assertTrue(ProcessHandle.of(shim).orElseThrow().destroyForcibly());
    carafe.run("tasks", "wait", "c1").code(137);
    carafe.ok("tasks", "rm", "c1");
  }

  @Test
  void nothingIsToldTwice(Lab lab) {
    Carafe carafe = daemon(lab).carafe();
    try (Program.Running events = carafe.program("events", "--format", "json").start()) {
      Events.awaitSubscribed(carafe, events);
      carafe.ok("run", "--rm", "--runtime", RUNTIME, IMAGE, "c1", "true");
      Await.until(
          "the last event", () -> Events.topics(events, "c1").contains("/containers/delete"));
      assertEquals(
          List.of("/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"),
          Events.topics(events, "c1").stream()
              .filter(topic -> topic.startsWith("/tasks/"))
              .toList());
    }
  }
}
