package dev.carafe.integration;

import static dev.carafe.integration.Entry.dir;
import static dev.carafe.integration.Entry.file;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.api.cri.v1.ContainerConfig;
import dev.carafe.api.cri.v1.ContainerState;
import dev.carafe.api.cri.v1.ContainerStatsRequest;
import dev.carafe.api.cri.v1.LinuxContainerResources;
import dev.carafe.testkit.runtimes.WasmModules;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** WebAssembly images, run by a jar that the configuration names. */
@ExtendWith(LeakCheck.class)
class WasmIT {
  private static final String PLATFORM = "wasi/wasm";

  private static String config() {
    return """
    [runtimes.wasm]
    version = "v2"
    plugin = "%s"
    """
        .formatted(Setup.dist().resolve("plugins/carafe-runtime-wasm.jar"));
  }

  private static Layer programs() {
    return Layer.of(
        List.of(
            dir("/etc"),
            dir("/tmp"),
            dir("/data"),
            file("/hello.wasm", WasmModules.print("out\n", "err\n", 7)),
            file("/arguments.wasm", WasmModules.arguments()),
            file("/sleep.wasm", WasmModules.sleep("begun\n", 0, 0)),
            file("/spin.wasm", WasmModules.spin("begun\n")),
            file("/hold.wasm", WasmModules.hold(16)),
            file("/echo.wasm", WasmModules.echo("end\n", 0)),
            file("/read.wasm", WasmModules.read("data/file")),
            file("/trap.wasm", WasmModules.trap())));
  }

  private static TestImage program() {
    return TestImage.of(programs()).wasi().config("Cmd", List.of("/hello.wasm"));
  }

  /** Its program writes a line to each output and ends with 7. */
  static String image() {
    return ImageStock.pushed("wasm", WasmIT::program).name();
  }

  /** The image in an index beside one of a machine that this is not. */
  private static String index() {
    TestImage other = TestImage.of(ImageStock.randomLayers(1, 1000, 99)).on("s390x");
    return TestRegistry.shared().pushIndex(List.of(other, program()), "wasm-index");
  }

  private static Carafe pulled(TestDaemon daemon) {
    daemon.carafe().ok("pull", "--quiet", "--platform", PLATFORM, image());
    return daemon.carafe();
  }

  private static Result run(Carafe carafe, String... more) {
    List<String> words =
        new ArrayList<>(List.of("run", "--rm", "--runtime", "wasm", "--platform", PLATFORM));
    words.addAll(List.of(more));
    return carafe.run(words.toArray(String[]::new));
  }

  @Test
  void anImageRunsWithArgumentsOutputAndCode(Lab lab) {
    // Given
    Carafe carafe = pulled(lab.daemon(config()));

    // Then
    Result hello = run(carafe, image(), "c1").code(7);
    assertEquals("out\n", hello.out());
    assertEquals("err\n", hello.err());
    assertEquals(
        "/arguments.wasm\0one\0two\0",
        run(carafe, image(), "c2", "/arguments.wasm", "one", "two").code(0).out());
    assertTrue(run(carafe, image(), "c3", "/trap.wasm").code(134).err().contains("wasm trap"));
    String missing = run(carafe, image(), "c4", "/nope.wasm").oneLineError();
    assertTrue(missing.contains("/nope.wasm"), missing);
  }

  @Test
  void theJarIsListedAsAPluginLikeOthers(Lab lab) {
    // Given
    TestDaemon daemon = lab.daemon(config());

    // Then
    assertTrue(
        daemon.carafe().lines("plugins", "ls").stream()
            .anyMatch(line -> line.matches("io\\.containerd\\.runtime\\.v2 +wasm .*\\bok\\b.*")),
        daemon.carafe().ok("plugins", "ls"));
    assertTrue(
        daemon
            .carafe()
            .ok("plugins", "inspect-runtime", "--runtime", "wasm")
            .contains("chicory 1."));
    assertFalse(daemon.log().contains("its own copy of"), daemon.log());
  }

  @Test
  void anIndexIsTakenByItsPlatform(Lab lab) {
    // Given
    Carafe carafe = lab.daemon(config()).carafe();
    String index = index();

    // When
    carafe.ok("pull", "--quiet", "--platform", PLATFORM, index);

    // Then
    assertEquals("out\n", run(carafe, index, "c1").code(7).out());
  }

  @Test
  void inputAndBoundFilesReachIt(Lab lab) throws Exception {
    // Given
    Carafe carafe = pulled(lab.daemon(config()));
    Path given = lab.directory("given");
    Files.writeString(given.resolve("file"), "given");

    // Then
    assertEquals(
        "in\nend\n",
        carafe
            .program(
                "run",
                "--rm",
                "-i",
                "--runtime",
                "wasm",
                "--platform",
                PLATFORM,
                image(),
                "c1",
                "/echo.wasm")
            .input("in\n")
            .run()
            .code(0)
            .out());
    String mount = "type=bind,src=" + given + ",dst=/data,options=rbind:ro";
    assertEquals("given", run(carafe, "--mount", mount, image(), "c2", "/read.wasm").code(0).out());
  }

  @Test
  void itIsPausedKilledAndDeleted(Lab lab) {
    // Given
    Carafe carafe = pulled(lab.daemon(config()));
    carafe.ok(
        "run", "-d", "--runtime", "wasm", "--platform", PLATFORM, image(), "c1", "/spin.wasm");

    // When
    carafe.ok("tasks", "pause", "c1");
    assertTrue(carafe.ok("tasks", "ls").contains("PAUSED"), carafe.ok("tasks", "ls"));
    carafe.ok("tasks", "resume", "c1");
    String refused = carafe.run("tasks", "exec", "c1", "x").oneLineError();
    assertTrue(refused.contains("one program"), refused);
    carafe.ok("tasks", "kill", "-s", "KILL", "c1");

    // Then
    carafe.run("tasks", "wait", "c1").code(137);
    carafe.ok("tasks", "rm", "c1");
    carafe.ok("containers", "rm", "c1");
  }

  @Test
  void itsMemoryIsLimitedAndCounted(Lab lab) {
    // Given 17 pages
    Carafe carafe = pulled(lab.daemon(config()));
    String limit = String.valueOf(17 * 65536);

    // When
    carafe.ok(
        "run",
        "-d",
        "--runtime",
        "wasm",
        "--platform",
        PLATFORM,
        "--memory",
        limit,
        image(),
        "c1",
        "/hold.wasm");

    // Then
    Await.until("its memory", () -> carafe.ok("tasks", "metrics", "c1").contains(limit));
    run(carafe, "--memory", "65536", image(), "c2", "/hold.wasm").code(1);
    carafe.ok("tasks", "kill", "-s", "KILL", "c1");
    carafe.run("tasks", "wait", "c1").code(137);
    carafe.ok("tasks", "rm", "c1");
    carafe.ok("containers", "rm", "c1");
  }

  @Test
  void modulesThatSpinStopNoOtherWork(Lab lab) {
    // Given more of them than there are processors, and one that has a share of one
    TestDaemon daemon = lab.daemon(config());
    Carafe carafe = pulled(daemon);
    carafe.ok("pull", "--quiet", ImageStock.busybox().name());
    int count = Runtime.getRuntime().availableProcessors() + 1;
    for (int i = 0; i < count; i++) {
      carafe.ok(
          "run",
          "-d",
          "--runtime",
          "wasm",
          "--platform",
          PLATFORM,
          "--memory",
          "1M",
          "--cpus",
          i == 0 ? "0.1" : "64",
          image(),
          "spin" + i,
          "/spin.wasm");
    }

    // Then
    assertEquals(
        "still\n",
        carafe
            .run("run", "--rm", ImageStock.busybox().name(), "c1", "echo", "still")
            .code(0)
            .out());
    assertEquals("out\n", run(carafe, image(), "c2").code(7).out());
    for (int i = 0; i < count; i++) {
      carafe.ok("tasks", "rm", "-f", "spin" + i);
      carafe.ok("containers", "rm", "spin" + i);
    }
  }

  @Test
  void aTaskEndsWithTheDaemonAndTheNextOneSaysSo(Lab lab) {
    // Given
    TestDaemon daemon = lab.daemon(config());
    Carafe carafe = pulled(daemon);
    for (String id : List.of("c1", "c2")) {
      carafe.ok(
          "run", "-d", "--runtime", "wasm", "--platform", PLATFORM, image(), id, "/sleep.wasm");
    }
    carafe.ok("tasks", "kill", "-s", "TERM", "c2");
    carafe.run("tasks", "wait", "c2").code(143);

    // When
    daemon.kill();
    daemon.start();

    // Then
    carafe.run("tasks", "wait", "c1").code(137);
    carafe.run("tasks", "wait", "c2").code(143);
    for (String id : List.of("c1", "c2")) {
      carafe.ok("tasks", "rm", id);
      carafe.ok("containers", "rm", id);
    }
  }

  @Test
  void whatIsTrustedTakesTheDefaultPathWhateverTheTableSays(Lab lab) {
    // Given
    TestDaemon daemon = lab.daemon(config().replace("[runtimes.wasm]", "[runtimes.runc]"));
    Carafe carafe = daemon.carafe();
    carafe.ok("pull", "--quiet", ImageStock.busybox().name());

    // Then
    for (String[] runtime : new String[][] {{}, {"--runtime", "runc"}}) {
      List<String> words = new ArrayList<>(List.of("run", "--rm"));
      words.addAll(List.of(runtime));
      words.addAll(List.of(ImageStock.busybox().name(), "c1", "echo", "trusted"));
      assertEquals("trusted\n", carafe.ok(words.toArray(String[]::new)));
    }
  }

  private static Cri cri(Lab lab) {
    return Cri.of(
        lab,
        lab.newDaemon()
            .config("[cri]\nimage_platforms = [\"" + PLATFORM + "\"]\n" + config())
            .start());
  }

  @Test
  void aPodsContainerRunsWithItsLog(Lab lab) throws Exception {
    // Given
    Cri cri = cri(lab);
    String pod = cri.runIn("p1", "wasm");

    // When
    for (String image : List.of(image(), index())) {
      cri.pull(image);
      String container = cri.create(pod, Cri.config("c1", image).build());
      cri.start(container);

      // Then
      assertEquals(7, cri.awaitEnd(container).getExitCode());
      List<String> lines = Files.readAllLines(Path.of(cri.status(container).getLogPath()));
      assertEquals(
          List.of("stdout F out", "stderr F err"),
          lines.stream().map(line -> line.substring(line.indexOf(' ') + 1)).toList());
      Files.delete(Path.of(cri.status(container).getLogPath()));
      cri.remove(container);
    }
  }

  @Test
  void aPodsContainerIsCountedStoppedAndRefusesACommand(Lab lab) {
    // Given
    Cri cri = cri(lab);
    cri.pull(image());
    ContainerConfig.Builder config = Cri.config("c1", image(), "/hold.wasm");
    config
        .getLinuxBuilder()
        .setResources(LinuxContainerResources.newBuilder().setMemoryLimitInBytes(64 << 20));
    String container = cri.create(cri.runIn("p1", "wasm"), config.build());
    cri.start(container);

    // Then
    var request = ContainerStatsRequest.newBuilder().setContainerId(container).build();
    Await.until(
        "its memory",
        () ->
            cri.runtime().containerStats(request).getStats().getMemory().getUsageBytes().getValue()
                == 17 * 65536);
    assertEquals(
        Status.Code.UNIMPLEMENTED,
        assertThrows(StatusRuntimeException.class, () -> cri.exec(container, 5, "x"))
            .getStatus()
            .getCode());
    assertEquals(ContainerState.CONTAINER_RUNNING, cri.status(container).getState());
    cri.stop(container, 10);
    assertEquals(143, cri.awaitEnd(container).getExitCode());
  }
}
