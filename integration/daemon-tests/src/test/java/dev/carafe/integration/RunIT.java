package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** {@code carafe run}. */
@ExtendWith(LeakCheck.class)
class RunIT {
  private static final String IMAGE = ImageStock.busybox().name();

  private static Result run(Carafe carafe, List<String> flags, String script) {
    List<String> words = new ArrayList<>(List.of("run", "--rm"));
    words.addAll(flags);
    words.addAll(List.of(IMAGE, "c1", "sh", "-c", script));
    return carafe.run(words.toArray(String[]::new));
  }

  private static String ok(Carafe carafe, String script, String... flags) {
    return run(carafe, List.of(flags), script).ok();
  }

  @Test
  void outputErrorsAndExitCodeComeBack(Lab lab) {
    Result result =
        run(lab.daemonWithBusybox().carafe(), List.of(), "echo to out; echo to err >&2; exit 7");
    result.code(7);
    assertEquals("to out\n", result.out());
    assertEquals("to err\n", result.err());
  }

  @Test
  void megabytesOfOutputArriveWhole(Lab lab) {
    String out = ok(lab.daemonWithBusybox().carafe(), "seq 1 300000");
    assertEquals(
        IntStream.rangeClosed(1, 300_000).mapToObj(i -> i + "\n").collect(Collectors.joining()),
        out);
  }

  @Test
  void interactiveContainerReadsStandardInput(Lab lab) {
    Carafe carafe = lab.daemonWithBusybox().carafe();
    String input = "line\n".repeat(200_000);
    Result result =
        carafe
            .program("run", "--rm", "-i", IMAGE, "c1", "sh", "-c", "wc -c; echo done")
            .input(input)
            .run();
    assertEquals(input.length() + "\ndone\n", result.ok());
  }

  @Test
  void withoutInteractiveStandardInputIsEmpty(Lab lab) {
    Carafe carafe = lab.daemonWithBusybox().carafe();
    Result result = carafe.program("run", "--rm", IMAGE, "c1", "wc", "-c").input("not read").run();
    assertEquals("0\n", result.ok());
  }

  @Test
  void containerGetsATerminal(Lab lab) {
    Carafe carafe = lab.daemonWithBusybox().carafe();
    Program inner =
        carafe.program(
            "run",
            "--rm",
            "-t",
            IMAGE,
            "c1",
            "sh",
            "-c",
            "test -t 0 && test -t 1 && test -t 2 && stty size && read x && echo got $x; exit 5");
    String command =
        inner.command().stream().map(word -> "'" + word + "'").collect(Collectors.joining(" "));
    Result result =
        Program.of("script", "-qec", "stty rows 33 cols 77; " + command, "/dev/null")
            .with("CARAFE_JAVA_OPTS", inner.environment().get("CARAFE_JAVA_OPTS"))
            .input("typed\n")
            .run();
    result.code(5);
    assertTrue(
        result.out().contains("33 77\r\n") && result.out().contains("got typed\r\n"),
        result::toString);
  }

  @Test
  void environmentDirectoryAndUserAreAsAsked(Lab lab) {
    Carafe carafe = lab.daemonWithBusybox().carafe();
    assertEquals("b=c\n", ok(carafe, "echo $A", "-e", "A=b=c"));
    assertEquals("/tmp\n", ok(carafe, "pwd", "-w", "/tmp"));
    assertEquals(
        "uid=65534(nobody) gid=65534(nogroup) groups=50(staff),65534(nogroup)\n",
        ok(carafe, "id", "-u", "nobody"));
    assertEquals("1234 50\n", ok(carafe, "echo $(id -u) $(id -g)", "-u", "1234:staff"));
    assertEquals("0\n", ok(carafe, "id -u"));
    String unknown = run(carafe, List.of("-u", "nosuchuser"), "id").oneLineError();
    assertTrue(unknown.contains("nosuchuser"), unknown);
  }

  @Test
  void configurationOfTheImageIsTheDefault(Lab lab) {
    ImageStock.Stocked image =
        ImageStock.pushed(
            "configured",
            () ->
                TestImage.of(ImageStock.busyboxLayer())
                    .config("Env", List.of("PATH=/bin", "FROM_IMAGE=yes", "BOTH=image"))
                    .config("User", "nobody")
                    .config("WorkingDir", "/home/nobody")
                    .config("Entrypoint", List.of("sh", "-c"))
                    .config("Cmd", List.of("echo $FROM_IMAGE $BOTH $(id -un) $(pwd)")));
    Carafe carafe = lab.daemon().carafe();
    carafe.ok("pull", "--quiet", image.name());
    assertEquals("yes image nobody /home/nobody\n", carafe.ok("run", "--rm", image.name(), "c1"));
    assertEquals(
        "other run\n",
        carafe.ok("run", "--rm", "-e", "BOTH=run", image.name(), "c1", "echo other $BOTH"));
  }

  @Test
  void mountsAreWhereTheyWereAskedFor(Lab lab) throws IOException {
    Carafe carafe = lab.daemonWithBusybox().carafe();
    Path host = lab.directory("host");
    Files.writeString(host.resolve("file"), "from the host");
    String bind = "type=bind,src=" + host + ",dst=/in,options=rbind:";
    assertEquals("from the host", ok(carafe, "cat /in/file", "--mount", bind + "ro"));
    assertFalse(run(carafe, List.of("--mount", bind + "ro"), "touch /in/new").code() == 0);
    ok(carafe, "echo x >/in/new", "--mount", bind + "rw");
    assertEquals("x\n", Files.readString(host.resolve("new")));
    String tmpfs =
        ok(
            carafe,
            "df -k /scratch | tail -n 1",
            "--mount",
            "type=tmpfs,dst=/scratch,options=size=64k");
    assertTrue(tmpfs.contains(" 64 "), tmpfs);
  }

  @Test
  void readOnlyRootCannotBeWritten(Lab lab) {
    Carafe carafe = lab.daemonWithBusybox().carafe();
    Result refused = run(carafe, List.of("--read-only"), "touch /new");
    assertTrue(
        refused.code() != 0 && refused.err().contains("Read-only file system"), refused::toString);
    ok(carafe, "touch /new");
  }

  @Test
  void onlyAPrivilegedContainerMountsAndSeesDevices(Lab lab) {
    Carafe carafe = lab.daemonWithBusybox().carafe();
    String mount = "mount -t tmpfs none /tmp && echo mounted";
    assertFalse(run(carafe, List.of(), mount).code() == 0);
    assertEquals("mounted\n", ok(carafe, mount, "--privileged"));
    assertEquals("00000000a80425fb\n", ok(carafe, "awk '/CapEff/ {print $2}' /proc/self/status"));
    assertEquals(
        "0000000000000000\n",
        ok(carafe, "awk '/CapEff/ {print $2}' /proc/self/status", "--cap-drop", "ALL"));
    assertEquals("0000000000000000\n", ok(carafe, "awk '/CapInh/ {print $2}' /proc/self/status"));
    assertEquals("1\n", ok(carafe, "awk '/NoNewPrivs/ {print $2}' /proc/self/status"));
  }

  @Test
  void limitsAreInTheCgroup(Lab lab) {
    Carafe carafe = lab.daemonWithBusybox().carafe();
    carafe.ok(
        "run",
        "-d",
        "--memory",
        "48M",
        "--cpus",
        "0.5",
        "--pids-limit",
        "77",
        IMAGE,
        "c1",
        "sleep",
        "60");
    assertEquals(
        "50331648", Cgroups.read(carafe, "c1", "memory/memory.limit_in_bytes", "memory.max"));
    assertEquals(
        "50000", Cgroups.read(carafe, "c1", "cpu/cpu.cfs_quota_us", "cpu.max").split(" ")[0]);
    assertEquals("77", Cgroups.read(carafe, "c1", "pids/pids.max", "pids.max"));
  }

  @Test
  void namespacesAreItsOwnUnlessShared(Lab lab) {
    Carafe carafe = lab.daemonWithBusybox().carafe();
    assertEquals("c1\n", ok(carafe, "hostname"));
    assertEquals("other\n", ok(carafe, "hostname", "--hostname", "other"));
    assertEquals("1\n", ok(carafe, "echo $$"));
    String show = "for kind in net pid ipc uts mnt; do readlink /proc/self/ns/$kind; done";
    String own = ok(carafe, show);
    String shared = ok(carafe, show, "--net-host", "--host-namespace", "pid");
    List<String> host = Program.of("sh", "-c", show).run().lines();
    assertEquals(host.subList(0, 2), shared.lines().limit(2).toList());
    assertTrue(shared.lines().skip(2).noneMatch(host::contains), shared);
    assertTrue(own.lines().noneMatch(host::contains), own);
  }

  @Test
  void rmLeavesNothingAndWithoutItTheContainerStays(Lab lab) {
    Carafe carafe = lab.daemonWithBusybox().carafe();
    ok(carafe, "true");
    assertEquals(List.of(), carafe.lines("containers", "ls", "-q"));
    assertEquals(1, carafe.lines("snapshots", "ls", "-q").size());
    carafe.ok("run", IMAGE, "c1", "true");
    assertEquals(List.of("c1"), carafe.lines("containers", "ls", "-q"));
    assertEquals(List.of(), carafe.lines("tasks", "ls", "-q"));
    assertEquals(2, carafe.lines("snapshots", "ls", "-q").size());
    carafe.ok("containers", "rm", "c1");
    assertEquals(1, carafe.lines("snapshots", "ls", "-q").size());
  }

  @Test
  void detachedContainerWritesItsLog(Lab lab) throws IOException {
    Carafe carafe = lab.daemonWithBusybox().carafe();
    Path log = lab.work().resolve("container.log");
    carafe.ok(
        "run",
        "-d",
        "--log-uri",
        "file://" + log,
        IMAGE,
        "c1",
        "sh",
        "-c",
        "echo out; echo err >&2; exit 3");
    carafe.run("tasks", "wait", "c1").code(3);
    assertEquals(List.of("err", "out"), Files.readAllLines(log).stream().sorted().toList());
    carafe.ok("tasks", "rm", "c1");
    carafe.ok("containers", "rm", "c1");
  }

  @Test
  void programThatIsNotThereIsNamedAndLeavesNothing(Lab lab) {
    Carafe carafe = lab.daemonWithBusybox().carafe();
    String error = carafe.run("run", "--rm", IMAGE, "c1", "no-such-program").code(1).err();
    // What the OCI runtime itself says goes where the container's errors go.
    String last = error.lines().toList().getLast();
    assertTrue(last.startsWith("carafe: ") && last.contains("no-such-program"), error);
    assertEquals(List.of(), carafe.lines("containers", "ls", "-q"));
    assertEquals(List.of(), carafe.lines("tasks", "ls", "-q"));
  }

  @Test
  void wrongRequestsAreOneLineErrors(Lab lab) {
    Carafe carafe = lab.daemonWithBusybox().carafe();
    carafe.ok("containers", "create", IMAGE, "taken", "true");
    assertTrue(carafe.run("run", IMAGE, "taken", "true").oneLineError().contains("already exists"));
    assertTrue(
        carafe.run("run", "no/such:image", "c1", "true").oneLineError().contains("not found"));
    assertTrue(
        carafe
            .run("run", "--runtime", "no-such", IMAGE, "c1", "true")
            .oneLineError()
            .contains("no-such"));
    assertTrue(
        carafe
            .run("run", "--snapshotter", "no-such", IMAGE, "c1", "true")
            .oneLineError()
            .contains("no-such"));
    carafe.run("run", IMAGE, "bad/id", "true").oneLineError();
    carafe.run("run", "--memory", "lots", IMAGE, "c1", "true").oneLineError();
    carafe.run("run", "--no-such-flag", IMAGE, "c1", "true").oneLineError();
    assertEquals(
        List.of("taken"),
        carafe.lines("containers", "ls", "-q").stream().filter(id -> !id.equals("c1")).toList());
    carafe.ok("containers", "rm", "taken");
  }

  @Test
  void readyConfigurationAndDirectoryAreRun(Lab lab) throws IOException {
    // Given
    Carafe carafe = lab.daemon().carafe();
    Path rootfs = lab.directory("rootfs/bin").getParent();
    Files.copy(Setup.tool("busybox"), rootfs.resolve("bin/busybox"));
    Program.of("chmod", "755", rootfs.resolve("bin/busybox").toString()).run().ok();
    for (String directory : List.of("proc", "dev", "sys", "tmp")) {
      lab.directory("rootfs/" + directory);
    }
    // When
    String prepared =
        carafe.ok(
            "run", "--rm", "--rootfs", rootfs.toString(), "c1", "/bin/busybox", "echo", "prepared");
    Path config = lab.work().resolve("config.json");
    Files.writeString(
        config,
        """
        {"ociVersion":"1.0.2","process":{"user":{"uid":0,"gid":0},"args":["/bin/busybox","sh","-c","echo ready $V"],
         "env":["V=made"],"cwd":"/"},"root":{"path":"%s"},
         "mounts":[{"destination":"/proc","type":"proc","source":"proc"}],
         "linux":{"cgroupsPath":"/%s/c2","namespaces":[{"type":"pid"},{"type":"mount"}]}}
        """
            .formatted(rootfs, carafe.namespace()));
    String ready = carafe.ok("run", "--rm", "--config", config.toString(), "c2");
    // Then
    assertEquals("prepared\n", prepared);
    assertEquals("ready made\n", ready);
  }

  @Test
  void pidFileNamesTheProcess(Lab lab) throws IOException {
    Carafe carafe = lab.daemonWithBusybox().carafe();
    Path file = lab.work().resolve("pid");
    carafe.ok("run", "-d", "--pid-file", file.toString(), IMAGE, "c1", "sleep", "60");
    String pid = Files.readString(file).strip();
    assertTrue(Leaks.read(Path.of("/proc", pid, "cmdline")).contains("sleep"), pid);
    assertEquals(pid, carafe.json("tasks", "ls", "--format", "json").get(0).get("pid").asText());
  }

  @Test
  void tenContainersRunAtOnce(Lab lab) {
    Carafe carafe = lab.daemonWithBusybox().carafe();
    List<Program.Running> runs =
        IntStream.range(0, 10)
            .mapToObj(i ->
                lab.closeLater(
                    carafe
                        .program(
                            "run", "--rm", IMAGE, "c" + i, "sh", "-c", "echo " + i + "; exit " + i)
                        .start()))
            .toList();
    for (int i = 0; i < runs.size(); i++) {
      assertEquals(i + "\n", runs.get(i).await(Program.PATIENCE).code(i).out());
    }
  }

  @Test
  void signalToTheClientReachesTheContainer(Lab lab) {
    Carafe carafe = lab.daemonWithBusybox().carafe();
    try (Program.Running run =
        carafe
            .program(
                "run",
                "--rm",
                IMAGE,
                "c1",
                "sh",
                "-c",
                "trap 'echo told; exit 9' TERM; echo ready; while :; do sleep 0.05; done")
            .start()) {
      Await.until("ready", () -> run.out().contains("ready"));
      run.terminate();
      assertEquals("ready\ntold\n", run.await(Program.PATIENCE).code(9).out());
    }
  }

  @Test
  void backgroundProcessThatHoldsTheOutputDoesNotHoldUpTheEnd(Lab lab) {
    Carafe carafe = lab.daemonWithBusybox().carafe();
    Result result =
        carafe.run(
            "run",
            "--rm",
            "--host-namespace",
            "pid",
            IMAGE,
            "c1",
            "sh",
            "-c",
            "sleep 1000 & echo ended; exit 4");
    assertEquals("ended\n", result.code(4).out());
  }

  @Test
  void writtenFilesAreInTheSnapshotOnly(Lab lab) {
    Carafe carafe = lab.daemonWithBusybox().carafe();
    carafe.ok("run", IMAGE, "c1", "sh", "-c", "echo changed >/etc/passwd; rm /etc/group");
    assertTrue(
        carafe
            .ok("run", "--rm", IMAGE, "c2", "cat", "/etc/passwd", "/etc/group")
            .contains("nobody"),
        "the image was changed");
  }
}
