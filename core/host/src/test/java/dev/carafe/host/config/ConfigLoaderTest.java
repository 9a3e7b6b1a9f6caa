package dev.carafe.host.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.host.config.ConfigLoader.Flags;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.plugins.Description;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigLoaderTest {
  @TempDir Path directory;
  private Path file = Path.of("/");

  @BeforeEach
  void name() {
    file = directory.resolve("config.toml");
  }

  @Test
  void defaultsAreThoseOfTheDocumentation() throws IOException {
    write("");

    DaemonConfig config = load();

    assertEquals(Path.of("/var/lib/carafe"), config.root());
    assertEquals(Path.of("/run/carafe"), config.state());
    assertEquals(Path.of("/run/carafe/carafe.sock"), config.grpc().address());
    assertEquals(
        List.of(Path.of("/usr/lib/carafe/plugins"), Path.of("/etc/carafe/plugins")),
        config.pluginDirs());
    assertEquals(List.of(), config.disabledPlugins());
    assertEquals(new DaemonConfig.PluginLimits(30, 5, 256, 16_384), config.pluginLimits());
    assertEquals(DaemonConfig.Debug.Level.INFO, config.debug().level());
    assertEquals(DaemonConfig.Debug.Format.TEXT, config.debug().format());
    assertEquals(Set.of("runc"), config.runtimes().keySet());
    assertEquals(DaemonConfig.DEFAULT, config);
  }

  @Test
  void everyKeyMaps() throws IOException {
    write(
        """
        root = "/r"
        state = "/s"
        plugin_dirs = ["/p"]
        disabled_plugins = ["x.y"]
        [grpc]
        address = "/g.sock"
        [debug]
        level = "warn"
        format = "json"
        address = "[::1]:1339"
        [plugin_limits]
        create_seconds = 1
        close_seconds = 2
        max_calls = 3
        max_waits = 4
        [runtimes.crun]
        binary = "crun"
        options = { systemd_cgroup = true }
        [runtimes.kata]
        version = "shim-v2"
        shim = "io.containerd.kata.v2"
        [runtimes.myvm]
        version = "v2"
        plugin = "/opt/x.jar"
        [plugins."t.i"]
        a = 1
        """);

    DaemonConfig config = load();

    assertEquals(Path.of("/r"), config.root());
    assertEquals(Path.of("/s"), config.state());
    assertEquals(List.of(Path.of("/p")), config.pluginDirs());
    assertEquals(List.of("x.y"), config.disabledPlugins());
    assertEquals(new DaemonConfig.Grpc(Path.of("/g.sock")), config.grpc());
    assertEquals(
        new DaemonConfig.Debug(
            DaemonConfig.Debug.Level.WARN, DaemonConfig.Debug.Format.JSON, "[::1]:1339"),
        config.debug());
    assertEquals(new DaemonConfig.PluginLimits(1, 2, 3, 4), config.pluginLimits());
    assertEquals(Set.of("runc", "crun", "kata", "myvm"), config.runtimes().keySet());
    RuntimeHandler crun = runtime(config, "crun");
    assertEquals("crun", crun.binary());
    assertEquals(Map.of("systemd_cgroup", true), crun.options());
    assertEquals("io.containerd.kata.v2", runtime(config, "kata").shim());
    assertEquals("/opt/x.jar", runtime(config, "myvm").plugin());
    assertEquals(Set.of("t.i"), config.plugins().keySet());
  }

  @Test
  void unknownKeysAreErrorsWithTheNearestMatch() throws IOException {
    write(
        """
        rot = "/r"
        [grpc]
        adress = "/x"
        [zzz]
        a = 1
        [regisry]
        config_path = "/x"
        """);

    assertEquals(
        List.of(
            file + ": grpc.adress: unknown key; did you mean \"address\"?",
            file + ": regisry: unknown key; did you mean \"registry\"?",
            file + ": rot: unknown key; did you mean \"root\"?",
            file + ": zzz: unknown key"),
        problems());
  }

  @Test
  void wrongTypesNameFileKeyAndWhatIsExpected() throws IOException {
    write(
        """
        root = 1
        plugin_dirs = { x = 1 }
        grpc = true
        [debug]
        level = "loud"
        format = 3
        [plugin_limits]
        max_calls = "many"
        max_waits = 99999999999
        [runtimes]
        runc = "runc"
        """);

    assertEquals(
        List.of(
            file + ": root: expected a path as a string, found the integer 1",
            file + ": plugin_dirs: expected an array, found a table",
            file + ": grpc: expected a table, found true",
            file + ": debug.level: \"loud\" is none of trace, debug, info, warn, error",
            file + ": debug.format: expected one of text, json, found the integer 3",
            file + ": plugin_limits.max_calls: expected an integer, found the string \"many\"",
            file + ": plugin_limits.max_waits: 99999999999 is too large",
            file + ": runtimes.runc: expected a table, found the string \"runc\""),
        problems());
  }

  @Test
  void valuesAreChecked() throws IOException {
    write(
        """
        [plugin_limits]
        max_calls = 0
        [runtimes.kata]
        version = "shim-v2"
        """);

    assertEquals(
        List.of(
            file + ": plugin_limits.max_calls: max_calls: 0 is less than 1",
            file + ": runtimes.kata.version: shim: must be set where version is \"shim-v2\""),
        problems());
  }

  @Test
  void whatIsServedWithoutAuthenticationIsForThisMachine() throws IOException {
    for (String local :
        List.of("", "/d.sock", "127.0.0.1:1", "127.9.9.9:1339", "localhost:0", "[::1]:80")) {
      write("[debug]\naddress = \"" + local + "\"\n[metrics]\naddress = \"" + local + "\"\n");
      assertEquals(local, load().debug().address());
      assertEquals(local, load().metrics().address());
    }
    for (String other :
        List.of("0.0.0.0:1339", "10.0.0.1:80", ":80", "example.com:80", "[::]:80")) {
      write("[debug]\naddress = \"" + other + "\"\n");
      assertEquals(
          List.of(
              file
                  + ": debug.address: address: \""
                  + other
                  + "\" is neither a loopback address with port nor the path of a socket"),
          problems());
    }
  }

  @Test
  void relativePathsAreRefused() throws IOException {
    write("root = \"lib\"");

    assertEquals(List.of(file + ": root: root: \"lib\" is not an absolute path"), problems());
  }

  @Test
  void brokenTomlNamesTheLine() throws IOException {
    write("root = \"/r\"\n\nstate = = 3\n");

    assertTrue(problems().getFirst().startsWith(file + ":3: "), problems().toString());
  }

  @Test
  void aHugeFileIsRefused() throws IOException {
    write("# " + "x".repeat(1 << 20));

    assertEquals(List.of(file + ": larger than 1048576 bytes"), problems());
  }

  @Test
  void dropInsAreMergedByKeyInTheOrderOfTheirNames() throws IOException {
    write(
        """
        root = "/from-file"
        plugin_dirs = ["/a", "/b"]
        [plugins."t.i"]
        a = 1
        b = { c = 1, d = 1 }
        """);
    Path dropIns = Files.createDirectory(directory.resolve("conf.d"));
    Files.writeString(dropIns.resolve("20.toml"), "root = \"/from-20\"\nplugin_dirs = [\"/c\"]");
    Files.writeString(
        dropIns.resolve("10.toml"), "root = \"/from-10\"\n[plugins.\"t.i\"]\nb = { d = 2 }");
    Files.writeString(dropIns.resolve("30.txt"), "root = \"/from-30\"");

    DaemonConfig config = load();

    assertEquals(Path.of("/from-20"), config.root());
    assertEquals(List.of(Path.of("/c")), config.pluginDirs());
    ConfigTable plugin = config.plugins().getOrDefault("t.i", ConfigTable.EMPTY);
    assertEquals(
        new Nested(1, Map.of("c", 1, "d", 2)), plugin.bind(new Nested(0, Map.of()), Set.of()));
  }

  /** A plugin's configuration with a table in it. */
  record Nested(int a, Map<String, Integer> b) {}

  @Test
  void flagsWinOverFiles() throws IOException {
    write("root = \"/r\"\nstate = \"/s\"\n[grpc]\naddress = \"/g\"");

    DaemonConfig config =
        ConfigLoader.load(new Flags(file, Path.of("/fr"), Path.of("fs"), Path.of("/fg")));

    assertEquals(Path.of("/fr"), config.root());
    assertEquals(Path.of("fs").toAbsolutePath(), config.state());
    assertEquals(Path.of("/fg"), config.grpc().address());
  }

  @Test
  void aFileThatAFlagNamesMustExist() {
    assertEquals(
        "configuration file \"" + file + "\": not found",
        assertThrows(NotFoundException.class, this::load).getMessage());
  }

  @Test
  void registryIsTheRegistryPluginsTable() throws IOException {
    write("[registry]\nconfig_path = \"/etc/certs.d\"");

    ConfigTable table =
        load().plugins().getOrDefault("dev.carafe.image-source.v1.registry", ConfigTable.EMPTY);

    assertEquals(new Registry("/etc/certs.d"), table.bind(new Registry("/default"), Set.of()));
  }

  @Test
  void mistakesInAnAliasAreReportedUnderItsOwnName() throws IOException {
    write("[registry]\nconfig_pat = \"/etc/certs.d\"");
    ConfigTable table =
        load().plugins().getOrDefault("dev.carafe.image-source.v1.registry", ConfigTable.EMPTY);

    assertEquals(
        file + ": registry.config_pat: unknown key; did you mean \"config_path\"?",
        assertThrows(
                InvalidArgumentException.class,
                () -> table.bind(new Registry("/default"), Set.of()))
            .getMessage());
  }

  @Test
  void anAliasAndItsTableCannotBothBeThere() throws IOException {
    write(
        """
        [registry]
        config_path = "/a"
        [plugins."dev.carafe.image-source.v1.registry"]
        config_path = "/b"
        """);

    assertEquals(
        List.of(
            file
                + ": registry: is the same table as"
                + " plugins.\"dev.carafe.image-source.v1.registry\": use one"),
        problems());
  }

  @Test
  void aSingleValueIsAListOfOne() throws IOException {
    write("plugin_dirs = \"/p\"");

    assertEquals(List.of(Path.of("/p")), load().pluginDirs());
  }

  @Test
  void runtimesAreTheTaskServicesHandlers() throws IOException {
    write(
        """
        [runtimes.crun]
        binary = "crun"
        options = { systemd_cgroup = true }
        [runtimes.kata]
        version = "shim-v2"
        shim = "io.containerd.kata.v2"
        [runtimes.myvm]
        version = "v2"
        plugin = "/opt/x.jar"
        [runtimes.other]
        version = "v2"
        plugin = "there"
        """);

    Handlers handlers =
        load()
            .pluginTable(ConfigLoader.RUNTIMES_PLUGIN, Map.of("/opt/x.jar", "vm"))
            .bind(new Handlers(Map.of()), Set.of());

    assertEquals(
        Map.of(
            "runc", new Handlers.Handler("", "runc", "", Map.of()),
            "crun", new Handlers.Handler("", "crun", "", Map.of("systemd_cgroup", true)),
            "kata", new Handlers.Handler("v2", "", "shim", Map.of("shim", "io.containerd.kata.v2")),
            "myvm", new Handlers.Handler("v2", "", "vm", Map.of()),
            "other", new Handlers.Handler("v2", "", "there", Map.of())),
        handlers.handlers());
  }

  @Test
  void handlersBelongIntoTheirOwnTable() throws IOException {
    write("[plugins.\"io.containerd.service.v1.tasks-service\".handlers.runc]\nbinary = \"x\"");

    DaemonConfig config = load();

    assertEquals(
        file
            + ": plugins.\"io.containerd.service.v1.tasks-service\".handlers: belongs into the"
            + " table [runtimes]",
        assertThrows(
                InvalidArgumentException.class,
                () -> config.pluginTable(ConfigLoader.RUNTIMES_PLUGIN, Map.of()))
            .getMessage());
  }

  @Test
  void streamProcessorsAreTheLayerProcessorsPrograms() throws IOException {
    write(
        """
        [stream_processors."io.containerd.ocicrypt.decoder.v1.tar"]
        accepts = ["application/vnd.oci.image.layer.v1.tar+encrypted"]
        returns = "application/vnd.oci.image.layer.v1.tar"
        path = "ctd-decoder"
        args = ["--decryption-keys-path", "/etc/keys"]
        env = ["A=b"]
        """);

    Programs programs =
        load()
            .pluginTable(ConfigLoader.PROCESSORS_PLUGIN, Map.of())
            .bind(new Programs(Map.of()), Set.of());

    assertEquals(
        Map.of(
            "io.containerd.ocicrypt.decoder.v1.tar",
            new Programs.Program(
                List.of("application/vnd.oci.image.layer.v1.tar+encrypted"),
                "application/vnd.oci.image.layer.v1.tar",
                "ctd-decoder",
                List.of("--decryption-keys-path", "/etc/keys"),
                List.of("A=b"))),
        programs.processors());
  }

  @Test
  void mistakesInStreamProcessorsAreToldByTheirKey() throws IOException {
    Map<String, String> mistakes =
        Map.of(
            "path = \"x\"", "key \"returns\" is missing",
            "path = \"x/y\"", "neither a name nor an absolute path",
            "path = \"x\"\naccepts = \"t\"\nreturns = \"t\"", "is what it accepts",
            "env = \"A\"", "is not NAME=value",
            "argv = []", "unknown key");
    for (Map.Entry<String, String> mistake : mistakes.entrySet()) {
      write("[stream_processors.x]\n" + mistake.getKey());
      String message = assertThrows(InvalidArgumentException.class, () -> load()).getMessage();
      assertTrue(message.contains(mistake.getValue()), message);
    }
  }

  /** As the layer processor's plugin has it. */
  record Programs(Map<String, Program> processors) {
    /** A program. */
    record Program(
        List<String> accepts, String returns, String path, List<String> args, List<String> env) {}
  }

  /** As the task service's plugin has it. */
  record Handlers(Map<String, Handler> handlers) {
    /** A runtime handler. */
    record Handler(String version, String binary, String plugin, Map<String, Object> options) {
      static final Handler DEFAULT = new Handler("", "", "", Map.of());
    }
  }

  /** As the registry plugin has it. */
  record Registry(String configPath) {}

  /** Every type that a key can have. */
  record Everything(
      @Description("Text.") String text,
      Path path,
      int small,
      long large,
      double ratio,
      boolean flag,
      Duration time,
      DaemonConfig.Debug.Level level,
      List<String> names,
      List<Inner> inners,
      Map<String, Object> free,
      Inner inner,
      Map<String, Inner> table) {
    /** A record in a record. */
    record Inner(int a, String b) {
      static final Inner DEFAULT = new Inner(1, "one");
    }

    static final Everything DEFAULT =
        new Everything(
            "a \"quoted\" \\ text\n\u0001",
            Path.of("/p"),
            1,
            1L << 40,
            0.5,
            false,
            Duration.ofMillis(1500),
            DaemonConfig.Debug.Level.TRACE,
            List.of("a", "b"),
            List.of(new Inner(2, "two")),
            Map.of("k", List.of(1L, 2L), "m", Map.of("n", true)),
            Inner.DEFAULT,
            Map.of("x y", new Inner(3, "three")));
  }

  @Test
  void everyTypeIsReadAndPrinted() throws IOException {
    write(
        """
        [plugins."t.i"]
        text = "t"
        path = "/q"
        small = 2
        large = 3
        ratio = 4
        flag = true
        time = "2m"
        level = "error"
        names = ["c"]
        inners = [{ a = 5 }]
        free = { z = 1 }
        [plugins."t.i".inner]
        b = "b"
        [plugins."t.i".table.new]
        a = 6
        """);
    Everything read =
        load().plugins().getOrDefault("t.i", ConfigTable.EMPTY).bind(Everything.DEFAULT, Set.of());

    assertEquals(
        new Everything(
            "t",
            Path.of("/q"),
            2,
            3,
            4.0,
            true,
            Duration.ofMinutes(2),
            DaemonConfig.Debug.Level.ERROR,
            List.of("c"),
            List.of(new Everything.Inner(5, "one")),
            Map.of("z", 1L, "k", List.of(1L, 2L), "m", Map.of("n", true)),
            new Everything.Inner(1, "b"),
            Map.of("x y", new Everything.Inner(3, "three"), "new", new Everything.Inner(6, "one"))),
        read);
  }

  @Test
  void printedTextReadsBackTheSame() throws IOException {
    String text = ConfigText.of(DaemonConfig.DEFAULT, Map.of("t.i", Everything.DEFAULT));
    write(text);

    DaemonConfig config = load();
    Everything blank =
        new Everything(
            "",
            Path.of("/"),
            0,
            0,
            0,
            true,
            Duration.ZERO,
            DaemonConfig.Debug.Level.INFO,
            List.of(),
            List.of(),
            Map.of(),
            new Everything.Inner(0, ""),
            Map.of());

    assertEquals(
        Everything.DEFAULT,
        config.plugins().getOrDefault("t.i", ConfigTable.EMPTY).bind(blank, Set.of()));
    assertTrue(text.contains("[plugins.\"t.i\"]\n# Text.\ntext = "), text);
  }

  @Test
  void anAliasedPluginIsPrintedUnderItsAlias() {
    String text =
        ConfigText.of(
            DaemonConfig.DEFAULT,
            Map.of("dev.carafe.image-source.v1.registry", new Registry("/x")));

    assertTrue(text.contains("[registry]\nconfig_path = \"/x\"\n"), text);
  }

  @Test
  void durationsAreReadAsTheyArePrinted() {
    for (String text : List.of("0ms", "1ms", "1500ms", "2s", "3m", "4h")) {
      Duration duration = Durations.parse(text);
      assertEquals(text, duration == null ? "" : Durations.format(duration));
    }
    assertSame(null, Durations.parse("5 s"));
    assertSame(null, Durations.parse("-5s"));
  }

  private void write(String toml) throws IOException {
    Files.writeString(file, toml);
  }

  private DaemonConfig load() {
    return ConfigLoader.load(new Flags(file, null, null, null));
  }

  private List<String> problems() {
    return assertThrows(InvalidArgumentException.class, this::load).getMessage().lines().toList();
  }

  private static RuntimeHandler runtime(DaemonConfig config, String name) {
    return config.runtimes().getOrDefault(name, RuntimeHandler.DEFAULT);
  }
}
