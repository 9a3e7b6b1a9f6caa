package dev.carafe.host;

import static dev.carafe.host.FakePlugins.A;
import static dev.carafe.host.FakePlugins.B;
import static dev.carafe.host.FakePlugins.C;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.host.FakePlugins.Settings;
import dev.carafe.host.FakePlugins.Thing;
import dev.carafe.host.config.ConfigLoader;
import dev.carafe.host.config.DaemonConfig;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PluginHostTest {
  @TempDir Path directory;
  private final FakePlugins plugins = new FakePlugins();
  private DaemonConfig config = DaemonConfig.DEFAULT;

  @BeforeEach
  void configure() {
    config = FakePlugins.config(directory);
  }

  @Test
  void pluginsAreCreatedAfterWhatTheyRequireAndClosedBefore() {
    plugins.add(A, "a1", B).add(C, "c1").add(B, "b1", C).add(A, "a2", C);

    try (PluginHost host = start()) {
      assertEquals(List.of("create c1"), plugins.log.subList(0, 1));
      assertEquals("create a1", plugins.log.getLast());
      assertEquals(
          List.of("c.v1.c1", "a.v1.a2", "b.v1.b1", "a.v1.a1"),
          host.graph().plugins().stream().map(PluginStatus::uri).toList());
    }

    assertEquals(
        List.of("close a1", "close b1", "close a2", "close c1"), plugins.log.subList(4, 8));
  }

  @Test
  void theOrderDoesNotDependOnTheOrderOfDiscovery() {
    plugins.add(A, "z").add(A, "a").add(B, "m", A);
    FakePlugins reversed = new FakePlugins();
    reversed.add(B, "m", A).add(A, "a").add(A, "z");

    assertEquals(order(plugins), order(reversed));
  }

  @Test
  void plugsThatDoNotRequireEachOtherAreCreatedAtTheSameTime() {
    CyclicBarrier both = new CyclicBarrier(2);
    for (String id : List.of("one", "two")) {
      plugins.add(
          A,
          id,
          false,
          (context, settings) -> {
            await(both);
            return plugins.new LoggedThing(id);
          });
    }

    try (PluginHost host = start()) {
      assertEquals(2, host.all(A).size());
    }
  }

  @Test
  void aFailedOptionalPluginIsListedAndStopsNothingElse() {
    plugins.addFailing(A, "bad", false).add(A, "good").add(B, "needs-a", A);

    try (PluginHost host = start()) {
      PluginStatus bad = status(host, "a.v1.bad");
      assertEquals(PluginStatus.State.FAILED, bad.state());
      assertEquals("IllegalStateException: no luck", bad.error());
      assertEquals(PluginStatus.State.RUNNING, status(host, "b.v1.needs-a").state());
      assertEquals("good", host.require(A).name());
    }
  }

  @Test
  void whatRequiresAFailedPluginFailsWithTheChain() {
    plugins.addFailing(A, "bad", false).add(B, "middle", A).add(C, "top", B).add(C, "free");

    try (PluginHost host = start()) {
      assertEquals(
          "requires b.v1: b.v1.middle: requires a.v1: a.v1.bad: IllegalStateException: no luck",
          status(host, "c.v1.top").error());
      assertEquals(PluginStatus.State.RUNNING, status(host, "c.v1.free").state());
    }
  }

  @Test
  void aFailedEssentialPluginStopsTheStartAndWhatRunsIsClosed() {
    plugins.add(A, "first").addFailing(B, "bad", true, A);

    FailedPreconditionException thrown =
        assertThrows(FailedPreconditionException.class, this::start);

    assertEquals(
        "essential plugin b.v1.bad failed: IllegalStateException: no luck", thrown.getMessage());
    assertEquals(List.of("create first", "close first"), plugins.log);
  }

  @Test
  void aCircleStopsTheStartAndIsNamed() {
    plugins.add(A, "a", B).add(B, "b", C).add(C, "c", A).add(C, "other");

    assertEquals(
        "plugins require each other: a.v1.a -> b.v1.b -> c.v1.c -> a.v1.a",
        assertThrows(FailedPreconditionException.class, this::start).getMessage());
  }

  @Test
  void aPluginCannotRequireItsOwnKind() {
    plugins.add(A, "a", A);

    assertEquals(
        "plugins require each other: a.v1.a -> a.v1.a",
        assertThrows(FailedPreconditionException.class, this::start).getMessage());
  }

  @Test
  void aMissingRequirementStopsTheStartAndTheChainIsNamed() {
    plugins.add(A, "top", B).add(B, "middle", C);

    assertEquals(
        "plugin requirement is missing: a.v1.top -> b.v1.middle -> c.v1: no plugin of that kind is"
            + " installed",
        assertThrows(FailedPreconditionException.class, this::start).getMessage());
  }

  @Test
  void aDisabledPluginIsListedAndNotCreated() {
    plugins.add(A, "off").add(A, "on").add(B, "needs-a", A);
    configure("disabled_plugins = [\"a.v1.off\"]");

    try (PluginHost host = start()) {
      assertEquals(PluginStatus.State.DISABLED, status(host, "a.v1.off").state());
      assertEquals("on", host.require(A).name());
    }
  }

  @Test
  void whatRequiresOnlyDisabledPluginsFails() {
    plugins.add(A, "off").add(B, "needs-a", A);
    configure("disabled_plugins = [\"a.v1.off\"]");

    try (PluginHost host = start()) {
      assertEquals("requires a.v1: a.v1.off is disabled", status(host, "b.v1.needs-a").error());
    }
  }

  @Test
  void aHangingCreateIsCutOffAndItsLateResultClosed() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    /** Tells when it is closed. */
    class Late implements Thing, AutoCloseable {
      @Override
      public String name() {
        return "late";
      }

      @Override
      public void touch() {}

      @Override
      public void close() {
        closed.countDown();
      }
    }
    plugins.add(
        A,
        "hangs",
        false,
        (context, settings) -> {
          while (release.getCount() > 0) {
            try {
              release.await();
            } catch (InterruptedException e) {
              // Goes on hanging.
            }
          }
          return new Late();
        });

    try (PluginHost host = start()) {
      assertEquals(
          "plugin a.v1.hangs: create did not return in 1 s", status(host, "a.v1.hangs").error());
    }
    release.countDown();
    assertTrue(closed.await(10, TimeUnit.SECONDS));
  }

  @Test
  void whoComesSecondWithANameIsListedWithBothJars() {
    plugins.add(A, "same").add(A, "same");

    try (PluginHost host = start()) {
      assertEquals(1, host.all(A).size());
      PluginStatus second = host.graph().plugins().getLast();
      assertEquals(PluginStatus.State.FAILED, second.state());
      assertEquals(
          "\"/jars/1.jar\" brings a.v1.same, which \"/jars/0.jar\" brings too", second.error());
    }
  }

  @Test
  void aKindHasOneContract() {
    PluginType<Thing> usurped = new PluginType<>("a.v1", usurper());
    plugins.add(A, "a").add(usurped, "b");

    try (PluginHost host = start()) {
      assertEquals(
          "contract of a.v1.b is not the daemon's " + Thing.class.getName(),
          host.graph().plugins().getLast().error());
    }
  }

  @Test
  void aPluginSeesWhatItRequiresBehindGuards() {
    AtomicReference<Object> seen = new AtomicReference<>();
    plugins.add(A, "a");
    plugins.add(
        B,
        "b",
        false,
        (context, settings) -> {
          seen.set(context.require(A));
          assertThrows(FailedPreconditionException.class, () -> context.require(C));
          return plugins.new LoggedThing("b");
        },
        A);

    try (PluginHost host = start()) {
      assertEquals("a.v1.a", seen.get().toString());
      assertEquals(seen.get(), host.require(A));
    }
  }

  @Test
  void oneOfManyCannotBeRequired() {
    plugins.add(A, "one").add(A, "two");
    plugins.add(
        B,
        "b",
        false,
        (context, settings) -> {
          assertEquals(List.of("one", "two"), List.copyOf(context.requireAll(A).keySet()));
          context.require(A);
          return plugins.new LoggedThing("b");
        },
        A);

    try (PluginHost host = start()) {
      assertEquals(
          "b.v1.b requires one a.v1, and there are [one, two]: name all but one in disabled_plugins",
          status(host, "b.v1.b").error());
      assertThrows(FailedPreconditionException.class, () -> host.require(A));
      assertEquals("two", host.find(A, "two").orElseThrow().name());
      assertTrue(host.find(A, "three").isEmpty());
    }
  }

  @Test
  void directoriesArePrivateAndCapabilitiesAreShown() throws Exception {
    AtomicReference<PluginContext> kept = new AtomicReference<>();
    plugins.add(
        A,
        "a",
        false,
        (context, settings) -> {
          kept.set(context);
          context.capability("rebase");
          context.capability("rebase");
          context.export("root", context.root().toString());
          context.state();
          return plugins.new LoggedThing("a");
        });

    try (PluginHost host = start()) {
      Path root = config.root().resolve("a.v1.a");
      PluginStatus status = status(host, "a.v1.a");
      assertEquals(List.of("rebase"), status.capabilities());
      assertEquals(root.toString(), status.exports().get("root"));
      assertEquals("rwx------", mode(root));
      assertEquals("rwx------", mode(config.state().resolve("a.v1.a")));
      assertEquals("rwx------", mode(config.root()));
      assertEquals("rwx--x--x", mode(config.state()));
      assertThrows(FailedPreconditionException.class, () -> kept.get().root());
    }
  }

  @Test
  void aPluginsTableOverlaysItsDefaults() {
    AtomicReference<Settings> seen = new AtomicReference<>();
    plugins.add(
        A,
        "a",
        false,
        (context, settings) -> {
          seen.set(settings);
          return plugins.new LoggedThing("a");
        });
    configure("[plugins.\"a.v1.a\"]\nretries = 7\nmax_calls = 9\ndeadline_seconds = 4");

    try (PluginHost host = start()) {
      assertNotNull(host.require(A));
      assertEquals(new Settings("/etc/x", 7), seen.get());
    }
  }

  @Test
  void mistakesInTablesStopTheStartAllAtOnce() {
    plugins.add(A, "a").add(A, "b");
    configure(
        """
        [plugins."a.v1.a"]
        config_paht = "/x"
        [plugins."a.v1.b"]
        retries = "7"
        max_calls = -1
        [plugins."a.v1.c"]
        x = 1
        """);

    String file = directory.resolve("config.toml").toString();
    assertEquals(
        List.of(
            file + ": plugins.\"a.v1.a\".config_paht: unknown key; did you mean \"config_path\"?",
            file
                + ": plugins.\"a.v1.b\".max_calls: deadline_seconds, max_calls and max_waits must"
                + " not be negative",
            file
                + ": plugins.\"a.v1.c\".x: there is no plugin \"a.v1.c\"; did you mean"
                + " \"a.v1.a\"?"),
        assertThrows(InvalidArgumentException.class, this::start).getMessage().lines().toList());
  }

  @Test
  void theDescribedConfigurationReadsBackTheSame() throws Exception {
    plugins.add(A, "a");
    configure("[plugins.\"a.v1.a\"]\nretries = 7");
    String text = PluginHost.describe(config, plugins.found());

    Files.writeString(directory.resolve("config.toml"), text);
    DaemonConfig again = load();

    assertEquals(text, PluginHost.describe(again, plugins.found()));
    assertTrue(
        text.contains("[plugins.\"a.v1.a\"]\nconfig_path = \"/etc/x\"\nretries = 7\n"), text);
  }

  @Test
  void closingDoesNotWaitForeverForAPlugin() {
    CountDownLatch release = new CountDownLatch(1);
    /** Hangs in close. */
    class Hanging implements Thing, AutoCloseable {
      @Override
      public String name() {
        return "hanging";
      }

      @Override
      public void touch() {}

      @Override
      public void close() {
        while (release.getCount() > 0) {
          try {
            release.await();
          } catch (InterruptedException e) {
            // Goes on hanging.
          }
        }
      }
    }
    plugins.add(A, "a").add(B, "hanging", false, (context, settings) -> new Hanging(), A);

    PluginHost host = start();
    host.close();
    host.close();

    assertEquals(List.of("create a", "close a"), plugins.log);
    assertEquals(PluginStatus.State.CLOSED, status(host, "a.v1.a").state());
    release.countDown();
  }

  @Test
  void introspectionShowsInitTimeAndCalls() {
    plugins.add(A, "a");

    try (PluginHost host = start()) {
      host.require(A).touch();
      PluginStatus status = status(host, "a.v1.a");
      assertTrue(status.initTime().isPositive());
      assertNull(status.error());
      assertEquals(new CallCounters(1, 0, 0, 0, 0, 0), status.calls());
    }
  }

  private PluginHost start() {
    return PluginHost.start(config, plugins.found());
  }

  private List<String> order(FakePlugins fakes) {
    try (PluginHost host = PluginHost.start(config, fakes.found())) {
      return host.graph().plugins().stream().map(PluginStatus::uri).toList();
    }
  }

  private void configure(String toml) {
    try {
      Files.writeString(
          directory.resolve("config.toml"),
          toml + "\n[plugin_limits]\ncreate_seconds = 1\nclose_seconds = 1\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    config = load();
  }

  private DaemonConfig load() {
    return ConfigLoader.load(
        new ConfigLoader.Flags(
            directory.resolve("config.toml"),
            directory.resolve("root"),
            directory.resolve("state"),
            null));
  }

  private static PluginStatus status(PluginHost host, String uri) {
    return host.graph().plugins().stream()
        .filter(plugin -> plugin.uri().equals(uri))
        .findFirst()
        .orElseThrow();
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  private static void await(CyclicBarrier barrier) {
    try {
      barrier.await(20, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Another interface, as a jar with a contract of its own would have it. */
  @SuppressWarnings("unchecked")
  private static Class<Thing> usurper() {
    return (Class<Thing>) (Class<?>) assertInstanceOf(Class.class, Usurper.class);
  }

  /** Extends the contract, so that the fake factories fit. */
  public interface Usurper extends Thing {}
}
