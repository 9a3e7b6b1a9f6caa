package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.integration.Dockerd.Store;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** dockerd works on this daemon as on containerd, with either of its stores. */
@ExtendWith(LeakCheck.class)
class DockerdIT {
  private static final ImageStock.Stocked BUSYBOX = ImageStock.busybox();
  private static final String IMAGE = BUSYBOX.name();

  /** The command line runtime, whether or not a shim is installed. */
  private static final String WITHOUT_SHIM =
      "[runtimes.\"io.containerd.runc.v2\"]\nbinary = \"runc\"\n";

  /** Counts as fast as the file /stop allows. */
  private static final String COUNT =
      "i=0; while [ ! -e /stop ]; do i=$((i+1)); echo $i; sleep 0.05; done";

  @BeforeAll
  static void dockerdIsThere() {
    Dockerd.assumePresent();
  }

  private static Dockerd docker(Lab lab, Store store) {
    Dockerd docker = Dockerd.on(lab, lab.daemon(WITHOUT_SHIM), store);
    docker.ok("pull", "--quiet", IMAGE);
    return docker;
  }

  private static void assertNoGap(Dockerd docker, String container) {
    List<String> lines = docker.ok("logs", container).lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      assertEquals(Integer.toString(i + 1), lines.get(i), "a line of the log");
    }
  }

  private static void awaitStatus(Dockerd docker, String container, String status) {
    Await.until(
        container + " is " + status,
        () -> docker.inspect(container, "{{.State.Status}}").equals(status));
  }

  @ParameterizedTest
  @EnumSource
  void imagesArePulledPushedSavedLoadedImportedAndRemoved(Store store, Lab lab) {
    // Given
    Dockerd docker = docker(lab, store);
    String name = TestRegistry.shared().host() + "/dockerd-" + lab.namespace() + ":v1";
    String tar = lab.work().resolve("image.tar").toString();
    // When
    docker.ok("tag", IMAGE, name);
    docker.ok("push", "--quiet", name);
    docker.ok("save", "--output", tar, name);
    docker.ok("rmi", name, IMAGE);
    // Then
    assertEquals("", docker.ok("images", "--quiet"));
    assertTrue(docker.ok("load", "--input", tar).contains("Loaded image: " + name), "its name");
    assertEquals("loaded\n", docker.ok("run", "--rm", name, "echo", "loaded"));
    docker.ok("rmi", name);
    docker.ok("pull", "--quiet", name);
    assertEquals(
        String.join(" ", BUSYBOX.image().diffIds()),
        docker.inspect(name, "{{join .RootFS.Layers \" \"}}"));
    docker.ok("create", "--name", "made", name);
    docker.ok("export", "--output", tar, "made");
    docker.ok("import", "--change", "CMD [\"echo\", \"imported\"]", tar, "imported:v1");
    assertEquals("imported\n", docker.ok("run", "--rm", "imported:v1"));
    docker.ok("rm", "made");
    docker.ok("image", "prune", "--all", "--force");
    assertEquals("", docker.ok("images", "--quiet"));
  }

  @ParameterizedTest
  @EnumSource
  void runPassesStreamsExitCodesAndTheRuntimesErrors(Store store, Lab lab) throws IOException {
    // Given
    Dockerd docker = docker(lab, store);
    Path shared = lab.directory("shared");
    Files.writeString(shared.resolve("f"), "shared\n");
    // When
    Result both =
        docker.run("run", "--rm", IMAGE, "sh", "-c", "echo out; echo error >&2; exit 7").code(7);
    Result missing = docker.run("run", "--rm", IMAGE, "nosuch").code(127);
    Result noProgram = docker.run("run", "--rm", IMAGE, "/etc/passwd").code(126);
    Result input = docker.program("run", "-i", "--rm", IMAGE, "cat").input("in").run();
    Program terminal = docker.program("run", "-t", "--rm", IMAGE, "tty");
    String typed = String.join(" ", terminal.command());
    Program script = Program.of("script", "-qec", typed, "/dev/null");
    // Then
    assertEquals("out\n", both.out());
    assertTrue(both.err().endsWith("error\n"), both::toString);
    assertTrue(missing.err().contains("executable file not found in $PATH"), missing::toString);
    assertTrue(noProgram.err().contains("permission denied"), noProgram::toString);
    assertEquals("in", input.ok());
    assertTrue(
        new Program(script.command(), terminal.environment(), null)
            .run()
            .ok()
            .contains("/dev/pts/0"),
        "a terminal");
    assertEquals(
        "65534 b /tmp shared 1\n",
        docker.ok(
            "run",
            "--rm",
            "--read-only",
            "--user=nobody",
            "--env=A=b",
            "--workdir=/tmp",
            "--volume=" + shared + ":/shared",
            IMAGE,
            "sh",
            "-c",
            "echo $(id -u) $A $(pwd) $(cat /shared/f) $(touch /tmp/x 2>/dev/null; echo $?)"));
    assertEquals(50_000, docker.ok("run", "--rm", IMAGE, "seq", "50000").lines().count());
    assertEquals("", docker.ok("ps", "--all", "--quiet"));
  }

  @ParameterizedTest
  @EnumSource
  void aRunningContainerIsExecutedInShownChangedAndStopped(Store store, Lab lab)
      throws IOException {
    // Given
    Dockerd docker = docker(lab, store);
    docker.ok("run", "-d", "--name=c1", "--memory=64m", IMAGE, "sh", "-c", "echo begun; " + COUNT);
    // Then
    assertEquals("x\n", docker.run("exec", "c1", "sh", "-c", "echo x; exit 9").code(9).out());
    docker.run("exec", "c1", "nosuch").code(127);
    assertEquals("in", docker.program("exec", "-i", "c1", "cat").input("in").run().ok());
    assertTrue(docker.ok("logs", "c1").startsWith("begun\n1\n"), "its log");
    assertTrue(docker.ok("top", "c1").contains("echo begun"), "its processes");
    assertTrue(stats(docker).endsWith("/ 64MiB"), "its limit");
    docker.ok("update", "--memory=128m", "--memory-swap=256m", "c1");
    assertTrue(stats(docker).endsWith("/ 128MiB"), "its new limit");

    docker.ok("pause", "c1");
    assertEquals("paused", docker.inspect("c1", "{{.State.Status}}"));
    long lines = docker.ok("logs", "c1").lines().count();
    Await.pause(200_000_000);
    assertEquals(lines, docker.ok("logs", "c1").lines().count(), "nothing is written");
    docker.ok("unpause", "c1");

    Path file = Files.writeString(lab.work().resolve("f"), "copied\n");
    docker.ok("cp", file.toString(), "c1:/f");
    assertEquals("copied\n", docker.ok("exec", "c1", "cat", "/f"));
    docker.ok("cp", "c1:/etc/passwd", lab.work().resolve("passwd").toString());
    assertTrue(Leaks.read(lab.work().resolve("passwd")).startsWith("root:"), "copied out");
    assertEquals("A /f\n", docker.ok("diff", "c1"));
    docker.ok("commit", "--change", "CMD [\"cat\", \"/f\"]", "c1", "committed:v1");
    assertEquals("copied\n", docker.ok("run", "--rm", "committed:v1"));

    docker.ok("restart", "--timeout=0", "c1");
    assertEquals("running", docker.inspect("c1", "{{.State.Status}}"));
    docker.ok("exec", "c1", "touch", "/stop");
    assertEquals("0\n", docker.ok("wait", "c1"));
    docker.ok("start", "c1");
    awaitStatus(docker, "c1", "exited");
    docker.ok("rm", "c1");
  }

  private static String stats(Dockerd docker) {
    return docker.ok("stats", "--no-stream", "--format={{.MemUsage}}", "c1").strip();
  }

  @ParameterizedTest
  @EnumSource
  void imagesAreBuilt(Store store, Lab lab) throws IOException {
    // Given
    Dockerd docker = docker(lab, store);
    Path context = lab.directory("context");
    Files.writeString(context.resolve("file"), "of the context\n");
    Files.writeString(
        context.resolve("Dockerfile"),
        """
        FROM %1$s AS first
        RUN echo first > /built && mkdir /deleted && touch /deleted/f
        FROM %1$s
        COPY --from=first /built /built
        COPY file /file
        RUN cat /built /file > /both && rm -r /home/nobody
        CMD ["cat", "/both"]
        """
            .formatted(IMAGE));
    String name = TestRegistry.shared().host() + "/dockerd-" + lab.namespace() + "-built:v1";
    String[] build = {"build", "--progress=plain", "--network=none", "--tag", name, "" + context};
    // When
    docker.ok(build);
    Result again = docker.run(build);
    // Then
    assertEquals(4, again.code(0).err().lines().filter(line -> line.endsWith(" CACHED")).count());
    assertEquals("first\nof the context\n", docker.ok("run", "--rm", name));
    assertEquals("", docker.ok("run", "--rm", name, "ls", "/home"));
    docker.ok("push", "--quiet", name);
    docker.ok("rmi", name);
    docker.ok("builder", "prune", "--all", "--force");
    docker.ok("pull", "--quiet", name);
    assertEquals("first\nof the context\n", docker.ok("run", "--rm", name));
  }

  @ParameterizedTest
  @EnumSource
  void whatEndsIsToldAndRestartedByItsPolicy(Store store, Lab lab) {
    Dockerd docker = docker(lab, store);
    String began = Long.toString(System.currentTimeMillis() / 1000);
    docker.ok("run", "-d", "--name=failing", "--restart=on-failure:2", IMAGE, "false");
    docker.ok("run", "-d", "--name=always", "--restart=always", IMAGE, "sleep", "0.3");
    docker
        .run(
            "run",
            "--name=oom",
            "--memory=8m",
            "--memory-swap=8m",
            IMAGE,
            "sh",
            "-c",
            "x=0123456789; while :; do x=$x$x; done")
        .code(137);
    docker.ok(
        "run",
        "-d",
        "--name=healthy",
        "--health-cmd=true",
        "--health-interval=100ms",
        IMAGE,
        "sleep",
        "1000");
    assertEquals("true", docker.inspect("oom", "{{.State.OOMKilled}}"));
    awaitStatus(docker, "failing", "exited");
    assertEquals("2 1", docker.inspect("failing", "{{.RestartCount}} {{.State.ExitCode}}"));
    Await.until(
        "it is restarted",
        () -> Integer.parseInt(docker.inspect("always", "{{.RestartCount}}")) >= 2);
    Await.until(
        "its health is checked",
        () -> docker.inspect("healthy", "{{.State.Health.Status}}").equals("healthy"));
    docker.ok("rm", "--force", "failing", "always", "healthy");
    String now = Long.toString(System.currentTimeMillis() / 1000 + 1);
    List<String> events =
        docker
            .ok(
                "events",
                "--since",
                began,
                "--until",
                now,
                "--filter=container=failing",
                "--format={{.Action}}")
            .lines()
            .toList();
    assertEquals(
        List.of("create", "start", "die", "start", "die", "start", "die", "destroy"), events);
    List<String> ofOom =
        docker
            .ok(
                "events",
                "--since",
                began,
                "--until",
                now,
                "--filter=container=oom",
                "--format={{.Action}}")
            .lines()
            .toList();
    assertTrue(ofOom.contains("oom"), ofOom::toString);
  }

  @ParameterizedTest
  @EnumSource
  void containersGoOnWithoutDockerd(Store store, Lab lab) {
    // Given
    Dockerd docker = docker(lab, store);
    docker.ok("run", "-d", "--name=counting", IMAGE, "sh", "-c", COUNT);
    docker.ok("run", "-d", "--name=ending", IMAGE, "sh", "-c", COUNT + "; exit 42");
    docker.ok("run", "-di", "--name=reading", IMAGE, "cat");
    String pid = docker.inspect("counting", "{{.State.Pid}}");
    // When
    docker.kill();
    docker.start();
    // Then
    assertEquals(pid, docker.inspect("counting", "{{.State.Pid}}"));
    assertEquals("in\n", docker.ok("exec", "counting", "echo", "in"));
    try (Program.Running attached = docker.program("attach", "reading").input("typed\n").start()) {
      // What comes back before dockerd has connected the client's output, the client never sees.
      Await.until("its input arrives", () -> docker.ok("logs", "reading").equals("typed\n"));
      assertTrue(attached.process().isAlive(), "no end of input was passed on");
    }
    assertEquals("running", docker.inspect("reading", "{{.State.Status}}"));
    // When
    docker.ok("exec", "-d", "ending", "sh", "-c", "sleep 1; touch /stop");
    docker.stop();
    Await.pause(1_500_000_000);
    docker.start();
    // Then
    awaitStatus(docker, "ending", "exited");
    assertEquals("42\n", docker.ok("wait", "ending"));
    docker.ok("exec", "counting", "touch", "/stop");
    assertEquals("0\n", docker.ok("wait", "counting"));
    assertNoGap(docker, "counting");
    assertNoGap(docker, "ending");
  }

  @ParameterizedTest
  @EnumSource
  void containersAndDockerdGoOnWithoutTheDaemon(Store store, Lab lab) {
    // Given
    Dockerd docker = docker(lab, store);
    TestDaemon daemon = lab.daemons().getFirst();
    docker.ok("run", "-d", "--name=counting", IMAGE, "sh", "-c", COUNT);
    docker.ok("run", "-d", "--name=ending", IMAGE, "sh", "-c", COUNT + "; exit 42");
    docker.ok("run", "-d", "--name=again", "--restart=unless-stopped", IMAGE, "sleep", "1000");
    for (boolean killed : new boolean[] {true, false}) {
      // When
      String first = docker.inspect("again", "{{.State.Pid}}");
      if (killed) {
        daemon.kill();
      } else {
        daemon.stop();
      }
      ProcessHandle.of(Long.parseLong(first)).orElseThrow().destroyForcibly();
      Await.until("it has ended", () -> ProcessHandle.of(Long.parseLong(first)).isEmpty());
      daemon.start();
      // Then
      Await.until(
          "its end is noticed, and it is restarted",
          () -> {
            String pid = docker.inspect("again", "{{.State.Pid}}");
            return !pid.equals(first) && !pid.equals("0");
          });
      assertEquals("in\n", docker.ok("exec", "counting", "echo", "in"));
      assertEquals("new\n", docker.ok("run", "--rm", IMAGE, "echo", "new"));
    }
    docker.ok("exec", "ending", "touch", "/stop");
    assertEquals("42\n", docker.ok("wait", "ending"));
    docker.ok("stop", "--timeout=0", "counting");
    assertNoGap(docker, "counting");
    assertNoGap(docker, "ending");
  }

  @Test
  void theShimOfContainerdServesItToo(Lab lab) {
    // Given
    TestDaemon daemon =
        lab.daemon(
            "[plugins.\"io.containerd.runtime.v2.shim\"]\ndirectories = [\""
                + Setup.tool("containerd-shim-runc-v2").getParent()
                + "\"]\n");
    Dockerd docker = Dockerd.on(lab, daemon, Store.CONTAINERD);
    docker.ok("pull", "--quiet", IMAGE);
    // When
    docker.ok("run", "-d", "--name=c1", "--memory=64m", IMAGE, "sh", "-c", COUNT + "; exit 5");
    // Then
    assertTrue(
        Leaks.processes(lab).stream().anyMatch(process -> process.contains("containerd-shim")),
        "it has a shim");
    docker.run("run", "--rm", IMAGE, "nosuch").code(127);
    assertTrue(stats(docker).endsWith("/ 64MiB"), "its limit");
    docker.ok("pause", "c1");
    docker.ok("unpause", "c1");
    daemon.kill();
    daemon.start();
    docker.awaitReconnected();
    assertEquals("x\n", docker.run("exec", "c1", "sh", "-c", "echo x; exit 9").code(9).out());
    docker.ok("exec", "c1", "touch", "/stop");
    assertEquals("5\n", docker.ok("wait", "c1"));
    assertNoGap(docker, "c1");
  }
}
