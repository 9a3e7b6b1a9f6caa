package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The daemon as a program: start, configuration, sockets, plugins, signals. */
@ExtendWith(LeakCheck.class)
class DaemonIT {
  private static final String IMAGE = ImageStock.busybox().name();

  @Test
  void severalDaemonsRunSideBySide(Lab lab) {
    List<TestDaemon> daemons = List.of(lab.newDaemon(), lab.newDaemon(), lab.newDaemon());
    daemons.forEach(TestDaemon::launch);
    for (int i = 0; i < daemons.size(); i++) {
      TestDaemon daemon = daemons.get(i);
      daemon.awaitServing();
      Carafe carafe = daemon.carafe().in(lab.namespace() + "n" + i);
      carafe.ok("pull", "--quiet", IMAGE);
      assertEquals(i + "\n", carafe.ok("run", "--rm", IMAGE, "same-name", "echo", "" + i));
      carafe.ok("run", "-d", IMAGE, "same-name", "sleep", "1000");
    }
    daemons.getFirst().kill();
    assertEquals(
        "RUNNING",
        daemons
            .get(1)
            .carafe()
            .in(lab.namespace() + "n1")
            .json("tasks", "ls", "--format", "json")
            .get(0)
            .get("status")
            .asText());
    daemons.getFirst().start();
  }

  @Test
  void secondDaemonOnTheSameRootIsRefused(Lab lab) {
    // Given
    TestDaemon first = lab.daemon();
    // When
    Result second =
        first
            .program(
                "--state",
                lab.work().resolve("other").toString(),
                "--address",
                lab.work().resolve("other.sock").toString())
            .run();
    // Then
    String error = second.code(1).oneLineError();
    assertTrue(error.contains(first.root().toString()), error);
    assertTrue(first.api().serving());
    assertFalse(Files.exists(lab.work().resolve("other.sock")));
  }

  @Test
  void secondDaemonOnTheSameSocketIsRefused(Lab lab) {
    TestDaemon first = lab.daemon();
    Result second =
        first
            .program(
                "--root",
                lab.work().resolve("r").toString(),
                "--state",
                lab.work().resolve("s").toString())
            .run();
    String error = second.code(1).oneLineError();
    assertTrue(
        error.contains(first.socket().toString()) && error.contains("another daemon"), error);
    assertTrue(first.api().serving());
  }

  @Test
  void socketOfADeadDaemonIsTakenOver(Lab lab) {
    TestDaemon daemon = lab.daemon();
    daemon.kill();
    assertTrue(Files.exists(daemon.socket()));
    daemon.start();
    daemon.carafe().ok("version");
  }

  @Test
  void whatIsNoSocketIsNotReplaced(Lab lab) throws IOException {
    TestDaemon daemon = lab.newDaemon();
    Files.writeString(daemon.socket(), "precious");
    String error = daemon.program().run().code(1).oneLineError();
    assertTrue(error.contains(daemon.socket().toString()), error);
    assertEquals("precious", Files.readString(daemon.socket()));
    Files.delete(daemon.socket());
  }

  @Test
  void socketAndDirectoriesAreClosedToOthers(Lab lab) throws IOException {
    TestDaemon daemon = lab.daemon();
    assertEquals("rw-rw----", mode(daemon.socket()));
    assertEquals("rwx------", mode(daemon.root()));
    for (Path directory : Leaks.list(daemon.root())) {
      if (Files.isDirectory(directory)) {
        assertEquals("rwx------", mode(directory), directory::toString);
      }
    }
    daemon.stop();
    assertFalse(Files.exists(daemon.socket()), "the socket is left");
  }

  private static String mode(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  @Test
  void mistakesInTheConfigurationAreOneLineEach(Lab lab) {
    Map<String, List<String>> mistakes = new TreeMap<>();
    mistakes.put("no_such_key = 1\n", List.of("no_such_key"));
    mistakes.put("[grpc]\nadress = \"/x\"\n", List.of("grpc.adress", "address"));
    mistakes.put("[plugin_limits]\nmax_calls = \"many\"\n", List.of("plugin_limits.max_calls"));
    mistakes.put("[debug]\nlevel = \"loud\"\n", List.of("debug.level"));
    mistakes.put(
        "[plugins.\"io.containerd.transfer.v1.local\"]\nno_such = 1\n", List.of("no_such"));
    mistakes.put("[runtimes.x]\nversion = \"v9\"\n", List.of("version"));
    mistakes.put("[debug\n", List.of("config.toml"));
    mistakes.forEach((toml, parts) -> {
      TestDaemon daemon = lab.newDaemon().config(toml);
      String started = daemon.program().run().code(1).oneLineError();
      String checked = daemon.program("config", "check").run().code(1).oneLineError();
      for (String part : parts) {
        assertTrue(started.contains(part), () -> toml + ": " + started);
        assertTrue(checked.contains(part), () -> toml + ": " + checked);
      }
    });
  }

  @Test
  void allMistakesAreReportedAtOnce(Lab lab) {
    TestDaemon daemon = lab.newDaemon().config("one = 1\ntwo = 2\n[debug]\nthree = 3\n");
    Result result = daemon.program().run().code(1);
    assertEquals(3, result.err().lines().count(), result::toString);
    assertTrue(
        result.err().lines().allMatch(line -> line.startsWith("carafed: ")), result::toString);
  }

  @Test
  void missingConfigurationIsAnErrorOnlyWhereItWasNamed(Lab lab) {
    String missing = lab.work().resolve("none.toml").toString();
    TestDaemon daemon = lab.newDaemon();
    String error = daemon.program("--config", missing).run().code(1).oneLineError();
    assertTrue(error.contains(missing), error);
  }

  @Test
  void dumpShowsWhatIsInForce(Lab lab) {
    TestDaemon daemon =
        lab.newDaemon().config("root = \"/not/this\"\n[gc]\nschedule_delay = \"7s\"\n");
    String dump = daemon.program("config", "dump").run().ok();
    assertTrue(dump.contains("root = \"" + daemon.root() + "\""), dump);
    assertTrue(dump.contains("schedule_delay = \"7s\""), dump);
    daemon.config(dump);
    assertEquals(dump, daemon.program("config", "dump").run().ok());
  }

  @Test
  void wrongUsageExitsWith2(Lab lab) {
    TestDaemon daemon = lab.newDaemon();
    daemon.program("--no-such-flag").run().code(2);
    daemon.program("no", "such", "command").run().code(2);
    assertTrue(daemon.program("--help").run().ok().contains("--address SOCKET"));
    assertTrue(daemon.program("--version").run().ok().startsWith("carafed "));
  }

  @Test
  void allPluginsRunAndTheGraphShowsWhatTheyRequire(Lab lab) {
    TestDaemon daemon = lab.daemon();
    JsonNode plugins = daemon.carafe().json("plugins", "ls", "--format", "json");
    Map<String, String> errors = new TreeMap<>();
    plugins.forEach(plugin ->
        errors.put(
            plugin.get("type").asText() + "." + plugin.get("id").asText(),
            plugin.path("error").asText()));
    for (String id :
        List.of(
            "io.containerd.content.v1.content",
            "io.containerd.snapshotter.v1.overlayfs",
            "io.containerd.snapshotter.v1.native",
            "io.containerd.metadata.v1.bolt",
            "io.containerd.differ.v1.walking",
            "io.containerd.gc.v1.scheduler",
            "io.containerd.transfer.v1.local",
            "io.containerd.runtime.v2.oci",
            "io.containerd.grpc.v1.images",
            "io.containerd.event.v1.exchange")) {
      assertEquals("", errors.get(id), id);
    }
    String graph = daemon.carafe().ok("plugins", "graph");
    assertTrue(
        Pattern.compile(
                "io\\.containerd\\.grpc\\.v1\\.images  [0-9.]+ ms\n"
                    + "└─ io\\.containerd\\.metadata\\.v1\\.bolt")
            .matcher(graph)
            .find(),
        graph);
    assertTrue(daemon.carafe().ok("plugins", "ls").contains("overlayfs"));
  }

  @Test
  void disabledPluginIsListedAndStopsNothingElse(Lab lab) {
    TestDaemon daemon =
        lab.daemon("disabled_plugins = [\"io.containerd.snapshotter.v1.native\"]\n");
    JsonNode plugins = daemon.carafe().json("plugins", "ls", "--format", "json");
    for (JsonNode plugin : plugins) {
      if (plugin.get("id").asText().equals("native")) {
        assertTrue(plugin.toString().contains("skip plugin"), plugin::toString);
      }
    }
    daemon.carafe().ok("pull", "--quiet", IMAGE);
    String error =
        daemon.carafe().run("pull", "--quiet", "--snapshotter", "native", IMAGE).oneLineError();
    assertTrue(error.contains("snapshotter \"native\""), error);
  }

  @Test
  void signalsOtherThanTermStopNothing(Lab lab) {
    TestDaemon daemon = lab.daemon();
    for (String signal : List.of("HUP", "USR1", "PIPE")) {
      Program.of("kill", "-s", signal, Long.toString(daemon.pid())).run().ok();
    }
    Await.until("the threads are in the log", () -> daemon.log().contains("threads"));
    assertTrue(daemon.api().serving());
    Await.until("it was read", () -> daemon.log().contains("configuration read again"));
    assertEquals("", Program.of("kill", "-s", "INT", Long.toString(daemon.pid())).run().ok());
    Await.until("it has stopped", () -> !daemon.alive());
  }

  @Test
  void signalsThatWereIgnoredBeforeItsStartAreHeard(Lab lab) {
    // Given
    TestDaemon daemon = lab.newDaemon();
    Program program = daemon.program();
    List<String> words = new ArrayList<>(List.of("-c", "trap '' HUP INT; exec \"$@\"", "sh"));
    words.addAll(program.command());
    Program ignoring = Program.of(Path.of("sh"), words);
    for (var variable : program.environment().entrySet()) {
      ignoring = ignoring.with(variable.getKey(), variable.getValue());
    }
    try (Program.Running running = ignoring.start()) {
      String pid = Long.toString(running.process().pid());
      Await.until("it serves", () -> daemon.api().serving());

      // When
      Program.of("kill", "-s", "HUP", pid).run().ok();
      Await.until("it heard it", () -> running.err().contains("configuration read again"));
      Program.of("kill", "-s", "INT", pid).run().ok();

      // Then
      assertEquals(0, running.await(TestDaemon.STOP).code());
    }
  }

  @Test
  void logIsJsonWhereAskedFor(Lab lab) {
    TestDaemon daemon = lab.daemon("[debug]\nformat = \"json\"\nlevel = \"debug\"\n");
    daemon.carafe().run("pull", "--quiet", "127.0.0.1:1/no\\such\"image").oneLineError();
    daemon.stop();
    for (String line : daemon.log().lines().toList()) {
      assertTrue(Carafe.parse(line).has("msg"), line);
    }
  }

  @Test
  void clientWithoutADaemonSaysSoInOneLine(Lab lab) {
    TestDaemon daemon = lab.newDaemon();
    String error = daemon.carafe().run("images", "ls").oneLineError();
    assertTrue(error.contains(daemon.socket().toString()), error);
  }

  @Test
  void databaseOfAStoppedDaemonIsSound(Lab lab) {
    TestDaemon daemon = lab.daemonWithBusybox();
    Result busy = daemon.program("db", "check").run();
    assertEquals(1, busy.code(), busy::toString);
    daemon.kill();
    daemon.program("db", "check").run().ok();
    daemon.start();
    assertEquals(List.of(IMAGE), daemon.carafe().lines("images", "ls", "-q"));
  }

  @Test
  void fullDiskFailsThePullAndNothingElse(Lab lab) {
    // Given
    TestDaemon daemon = lab.newDaemon();
    Path root = lab.directory(lab.work().relativize(daemon.root()).toString());
    Program.of("mount", "-t", "tmpfs", "-o", "size=24m,mode=700", "none", root.toString())
        .run()
        .ok();
    lab.closeLater(() -> {
      daemon.stop();
      Program.of("umount", root.toString()).run().ok();
    });
    daemon.start();
    Carafe carafe = daemon.carafe();
    carafe.ok("pull", "--quiet", IMAGE);
    ImageStock.Stocked big =
        ImageStock.pushed("too-big", () -> TestImage.of(ImageStock.randomLayers(4, 8 << 20, 77)));
    // When
    String error = carafe.run("pull", "--quiet", big.name()).oneLineError();
    // Then
    String reason = error.toLowerCase(Locale.ROOT);
    assertTrue(reason.contains("no space left") || reason.contains("full"), error);
    carafe.ok("gc");
    assertEquals("works\n", carafe.ok("run", "--rm", IMAGE, "c1", "echo", "works"));
    ImageStock.Stocked small = ImageStock.eightLayers();
    carafe.ok("pull", "--quiet", small.name());
    carafe.ok("images", "rm", "--sync", IMAGE);
    StoreFiles.assertOnly(daemon, small);
  }
}
