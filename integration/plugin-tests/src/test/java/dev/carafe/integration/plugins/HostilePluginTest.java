package dev.carafe.integration.plugins;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.host.PluginHost;
import dev.carafe.host.PluginStatus;
import dev.carafe.host.PluginStatus.State;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.events.EventBus;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One fault of a jar each: the others go on, and the graph says what is wrong. */
class HostilePluginTest extends PluginTestCase {
  private static final String HANG =
      "while (!Boolean.getBoolean(\"carafe.test.end\"))"
          + " java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);";

  @AfterEach
  void letGo() {
    System.clearProperty("carafe.test.end");
  }

  private static BusSource alien() {
    return BusSource.named("alien");
  }

  private void assertContained(String file, String message, BusSource source) throws IOException {
    install(file, source);
    try (PluginHost host = start()) {
      PluginStatus status = status(host, "alien");
      assertEquals(State.FAILED, status.state());
      String problem = String.valueOf(status.problem());
      assertTrue(problem.contains(message), problem);
      assertEquals(State.RUNNING, status(host, "bundled").state());
      bus(host, "bundled").publish(event());
    } finally {
      System.setProperty("carafe.test.end", "true");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "System.exit(3),System.exit(3) is called",
    "Runtime.getRuntime().exit(3),System.exit(3) is called",
    "Runtime.getRuntime().halt(3),Runtime.halt(3) is called",
    "java.util.function.IntConsumer c = System::exit; c.accept(3),System.exit(3) is called",
    "java.util.function.IntConsumer c = Runtime.getRuntime()::halt; c.accept(3),Runtime.halt(3)",
  })
  void anEndOfTheDaemonIsAnErrorOfThePlugin(String call, String message) throws IOException {
    assertContained("a.jar", message, alien().creating("if (true) { " + call + "; }"));
  }

  @Test
  void aRewrittenClassWorksAsBefore() throws IOException {
    // Given a method with branches, loops, handlers and types of its own around such a call
    BusSource source =
        alien()
            .creating(
                """
                Object found = context.root().toString().isEmpty() ? new Config("x") : config;
                int sum = 0;
                for (int i = 0; i < 10; i++) {
                  try {
                    if (i == 3) { System.exit(i); }
                    sum += i;
                  } catch (SecurityException e) {
                    sum += 100;
                  } finally {
                    sum++;
                  }
                }
                context.export("sum", sum + " " + found);
                """);
    install("a.jar", source);
    try (PluginHost host = start()) {
      assertEquals("152 Config[text=default]", export(host, "alien", "sum"));
    }
  }

  @Test
  void aHangInCreateIsGivenUp() throws IOException {
    assertContained("a.jar", "did not return in 2 s", alien().creating(HANG));
  }

  @Test
  void anOverflowingStackIsContained() throws IOException {
    assertContained(
        "a.jar",
        "StackOverflowError",
        alien().creating("new Object() { void deep() { deep(); } }.deep();"));
  }

  @Test
  void anErrorIsContained() throws IOException {
    assertContained(
        "a.jar",
        "AssertionError: no",
        alien().creating("if (true) throw new AssertionError(\"no\");"));
  }

  @Test
  void aHangInACallOrInCloseEndsNothingElse() throws IOException {
    install("a.jar", alien().publishing(HANG));
    try (PluginHost host =
        start("[plugins.\"io.containerd.event.v1.alien\"]", "deadline_seconds = 1")) {
      EventBus bus = bus(host, "alien");
      for (int i = 0; i < 5; i++) {
        assertThrows(DeadlineExceededException.class, () -> bus.publish(event()));
      }

      // Then it is shown as one that keeps failing, and cannot be taken away meanwhile
      String problem = String.valueOf(status(host, "alien").problem());
      assertTrue(problem.contains("its last 5 calls failed"), problem);
      assertTrue(problem.contains("5 did not return in time"), problem);
      FailedPreconditionException refused =
          assertThrows(FailedPreconditionException.class, () -> host.hot().unload("alien"));
      assertTrue(refused.getMessage().contains("5 calls in flight"), refused.getMessage());
      bus(host, "bundled").publish(event());

      // And it goes when they have ended
      System.setProperty("carafe.test.end", "true");
      Await.until(() -> status(host, "alien").calls().inFlight() == 0);
      bus.publish(event());
      assertEquals(null, status(host, "alien").problem());
      host.hot().unload("alien");
    } finally {
      System.setProperty("carafe.test.end", "true");
    }
  }

  @Test
  void aClassOfAnotherSpiIsNamed() throws IOException {
    // Given a plugin that was compiled against an SPI with a class that this one lacks
    BusSource source = alien().creating("dev.carafe.spi.plugins.Newer.call();");
    jar()
        .source(source.className(), source.code())
        .compileOnly(
            "dev.carafe.spi.plugins.Newer",
            """
            package dev.carafe.spi.plugins;

            public class Newer {
              public static void call() {}
            }
            """)
        .build(plugins.resolve("a.jar"));
    try (PluginHost host = start()) {
      String problem = String.valueOf(status(host, "alien").problem());
      assertTrue(problem.contains("another version of the SPI"), problem);
    }
  }

  @Test
  void aJarOfAnotherSpiIsNotLoaded() throws IOException {
    Path jar =
        jar()
            .withoutIndex()
            .source(alien().className(), alien().code())
            .resource(
                "META-INF/extensions.idx", "# carafe-spi 99.0.0\n" + alien().className() + "\n")
            .build(plugins.resolve("a.jar"));
    try (PluginHost host = start()) {
      String problem = String.valueOf(status(host, "a.jar").problem());
      assertTrue(
          problem.contains("\"" + jar + "\" was compiled against carafe-spi 99.0.0"), problem);
      assertEquals(State.RUNNING, status(host, "bundled").state());
    }
  }

  @Test
  void nonsenseInsteadOfAPluginIsAnError() throws IOException {
    assertContained("a.jar", "create() returns null", alien().creating("if (true) return null;"));
  }
}
