package dev.carafe.integration.plugins;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.host.HotPlugins;
import dev.carafe.host.PluginHost;
import dev.carafe.host.PluginStatus.State;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.PermissionDeniedException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.events.EventBus;
import dev.carafe.spi.plugins.PluginTypes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Jars that come and go while the host runs. */
class HotPluginTest extends PluginTestCase {
  private static final String URI = PluginTypes.EVENT_BUS.name() + ".alien";

  private static BusSource saying(String version) {
    return BusSource.named("alien")
        .publishing("System.setProperty(\"carafe.test.said\", \"" + version + "\");");
  }

  private static String said(EventBus bus) {
    bus.publish(event());
    return System.clearProperty("carafe.test.said");
  }

  /** Builds a jar elsewhere and puts it in the place of an installed one. */
  private void replace(Path jar, BusSource source) throws IOException {
    Path built = jar().source(source.className(), source.code()).build(directory.resolve("new"));
    Files.move(built, jar, StandardCopyOption.ATOMIC_MOVE);
  }

  private static void assertRefused(
      Class<? extends DaemonException> type, String message, Runnable call) {
    DaemonException refused = assertThrows(type, call::run);
    assertTrue(refused.getMessage().contains(message), refused.getMessage());
  }

  @Test
  void aJarIsLoadedUsedAndUnloaded() throws IOException {
    try (PluginHost host = start()) {
      // Given a view that was taken before
      Map<String, EventBus> view = host.all(PluginTypes.EVENT_BUS);
      assertEquals(Set.of("bundled"), view.keySet());

      // When a jar is loaded
      Path jar = install("a.jar", saying("one"));
      HotPlugins.Change loaded = host.hot().load(jar, config());

      // Then the view shows it and it can be called
      assertEquals(List.of(URI), loaded.plugins());
      assertEquals(Set.of("bundled", "alien"), view.keySet());
      EventBus bus = view.get("alien");
      assertEquals("one", said(bus));
      assertEquals(State.RUNNING, status(host, "alien").state());
      assertEquals(jar.toString(), status(host, "alien").jar());

      // When it is unloaded
      HotPlugins.Change unloaded = host.hot().unload("alien");

      // Then it is closed, nobody finds it, and who still has it is told so
      assertEquals(List.of(URI), unloaded.plugins());
      assertEquals("alien", System.clearProperty("carafe.test.closed"));
      assertEquals(Set.of("bundled"), view.keySet());
      assertRefused(UnavailableException.class, "not running", () -> bus.publish(event()));
      assertEquals(Set.of(), Files.list(jars()).collect(Collectors.toSet()));

      // And it can come again
      host.hot().load(jar, config());
      assertEquals("one", said(bus(host, "alien")));
    }
  }

  private Path jars() {
    return directory.resolve("root/jars");
  }

  @Test
  void onlyRootsJarsInPluginDirectoriesAreLoaded() throws IOException {
    try (PluginHost host = start()) {
      HotPlugins hot = host.hot();
      Path elsewhere = directory.resolve("elsewhere.jar");
      BusSource source = saying("one");
      jar().source(source.className(), source.code()).build(elsewhere);
      assertRefused(PermissionDeniedException.class, "plugin_dirs", () -> load(hot, elsewhere));
      assertRefused(
          PermissionDeniedException.class,
          "plugin_dirs",
          () -> load(hot, plugins.resolve("../elsewhere.jar")));
      assertRefused(
          PermissionDeniedException.class,
          "symbolic link",
          () -> load(hot, link("link.jar", elsewhere)));
      Path writable = install("w.jar", source);
      Files.setPosixFilePermissions(writable, PosixFilePermissions.fromString("rw-rw-r--"));
      assertRefused(PermissionDeniedException.class, "writable", () -> load(hot, writable));
      assertRefused(
          NotFoundException.class, "no such file", () -> load(hot, plugins.resolve("no.jar")));
      assertRefused(InvalidArgumentException.class, "absolute", () -> load(hot, Path.of("a.jar")));
      assertEquals(1, host.graph().plugins().size());
    }
  }

  private Path link(String name, Path target) {
    try {
      return Files.createSymbolicLink(plugins.resolve(name), target);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void load(HotPlugins hot, Path jar) {
    try {
      hot.load(jar, config());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aJarThatFailsLeavesNothingBehind() throws IOException {
    try (PluginHost host = start()) {
      HotPlugins hot = host.hot();
      Path failing =
          install(
              "f.jar", saying("x").creating("if (true) throw new RuntimeException(\"no luck\");"));
      assertRefused(FailedPreconditionException.class, "no luck", () -> load(hot, failing));
      Path broken = Files.writeString(plugins.resolve("b.jar"), "no jar");
      assertRefused(FailedPreconditionException.class, "cannot be opened", () -> load(hot, broken));
      Path taken = install("t.jar", BusSource.named("bundled"));
      assertRefused(AlreadyExistsException.class, "is there already", () -> load(hot, taken));
      Path lonely = install("l.jar", saying("x").requiring("SNAPSHOTTER"));
      assertRefused(
          FailedPreconditionException.class, "SNAPSHOTTER".toLowerCase(), () -> load(hot, lonely));
      assertEquals(1, host.graph().plugins().size());
      assertEquals(Set.of("bundled"), host.all(PluginTypes.EVENT_BUS).keySet());
      assertEquals(0, Files.list(jars()).count());

      // And the same file is loaded once it is right
      replace(failing, saying("right"));
      load(hot, failing);
      assertEquals("right", said(bus(host, "alien")));
      assertRefused(AlreadyExistsException.class, "reload", () -> load(hot, failing));
    }
  }

  @Test
  void whatIsUsedStays() throws IOException {
    try (PluginHost host = start()) {
      HotPlugins hot = host.hot();
      load(hot, install("a.jar", saying("one").asDiffer()));
      // Given a plugin that keeps something of another, and says so
      load(
          hot,
          install(
              "u.jar",
              BusSource.named("user")
                  .requiring("DIFFER")
                  .creating(
                      """
                      context.uses(
                          PluginTypes.DIFFER,
                          id -> List.of(new PluginUse("3 layers of " + id, Boolean.getBoolean("carafe.test.live"))));
                      """)));

      assertRefused(
          FailedPreconditionException.class, "3 layers of alien", () -> hot.unload("alien"));
      assertRefused(FailedPreconditionException.class, ".user requires", () -> hot.unload("alien"));
      assertRefused(
          FailedPreconditionException.class, "part of the daemon", () -> hot.unload("bundled"));
      assertRefused(NotFoundException.class, "nobody", () -> hot.unload("nobody"));

      // Then it may be reloaded, unless its very instance is used
      hot.reload("alien", config());
      System.setProperty("carafe.test.live", "true");
      try {
        assertRefused(
            FailedPreconditionException.class,
            "3 layers of alien",
            () -> hot.reload("alien", configured()));
      } finally {
        System.clearProperty("carafe.test.live");
      }

      // And goes when nobody uses it any more
      hot.unload("user");
      hot.unload("alien");
      assertEquals(1, host.graph().plugins().size());
    }
  }

  private dev.carafe.host.config.DaemonConfig configured() {
    try {
      return config();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aReloadPutsTheNewCodeBehindTheSameObject() throws IOException {
    Path jar = install("a.jar", saying("one"));
    try (PluginHost host = start()) {
      EventBus bus = bus(host, "alien");
      assertEquals("one", said(bus));

      // When the file is written over, the old code goes on until it is reloaded
      replace(jar, saying("two"));
      assertEquals("one", said(bus));
      host.hot().reload("alien", config());

      assertEquals("alien", System.clearProperty("carafe.test.closed"));
      assertEquals("two", said(bus));
      assertSame(bus, bus(host, "alien"));

      // When the next one fails
      replace(jar, saying("x").creating("if (true) throw new RuntimeException(\"no luck\");"));
      assertRefused(
          FailedPreconditionException.class,
          "no luck; the old one goes on",
          () -> host.hot().reload("alien", configured()));

      // Then the old one is there again
      assertEquals("two", said(bus));
      assertEquals(State.RUNNING, status(host, "alien").state());

      // And one that is no jar changes nothing
      Files.writeString(jar, "no jar");
      assertRefused(
          FailedPreconditionException.class,
          "cannot be opened",
          () -> host.hot().reload("alien", configured()));
      assertEquals("two", said(bus));
    }
  }

  @Test
  void callsWaitForAReload() throws Exception {
    Path jar =
        install(
            "a.jar",
            saying("one")
                .creating(
                    "while (Boolean.getBoolean(\"carafe.test.hold\")) java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);"));
    try (PluginHost host = start()) {
      EventBus bus = bus(host, "alien");
      System.clearProperty("carafe.test.closed");
      System.setProperty("carafe.test.hold", "true");
      Thread reload = Thread.ofPlatform().start(() -> host.hot().reload("alien", configured()));
      Await.until(() -> "alien".equals(System.clearProperty("carafe.test.closed")));

      // When it is called while there is none
      Thread call = Thread.ofPlatform().start(() -> bus.publish(event()));
      Await.until(() -> call.getState() == Thread.State.TIMED_WAITING);
      System.clearProperty("carafe.test.hold");

      // Then the call is answered by the new one
      call.join();
      reload.join();
      assertEquals("one", System.clearProperty("carafe.test.said"));
      assertEquals(0, status(host, "alien").calls().refused());
      assertTrue(jar.toFile().exists());
    }
  }

  @Test
  void threadsThatAreLeftAreTold() throws IOException {
    install(
        "a.jar",
        saying("one")
            .creating(
                """
                Thread.ofPlatform().name("forgotten").daemon().start(() -> {
                  while (!Boolean.getBoolean("carafe.test.end")) {
                    java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
                  }
                });
                """));
    try (PluginHost host = start()) {
      List<String> warnings = host.hot().reload("alien", config()).warnings();
      assertEquals(1, warnings.size());
      assertTrue(warnings.getFirst().contains("[forgotten]"), warnings.toString());
      assertEquals(warnings, status(host, "alien").warnings());
      assertFalse(host.hot().unload("alien").warnings().isEmpty());
    } finally {
      System.setProperty("carafe.test.end", "true");
    }
  }
}
