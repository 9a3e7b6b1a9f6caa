package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.api.cri.v1.RuntimeCondition;
import dev.carafe.api.cri.v1.StatusRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.spi.ToolProvider;
import javax.tools.JavaCompiler;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Jars with faults in the packaged daemon: it serves, and says what is wrong. */
@ExtendWith(LeakCheck.class)
class HostilePluginIT {
  /** A log driver whose creation does what the test says. */
  private static final String DRIVER =
      """
      package vendor;

      import dev.carafe.spi.logs.LogDriver;
      import dev.carafe.spi.plugins.*;
      import java.util.List;

      @CarafePlugin
      public class %1$s implements PluginFactory<LogDriver, %1$s.None> {
        public record None() {}

        @Override
        public PluginDeclaration<LogDriver, None> declaration() {
          return new PluginDeclaration<>(
              PluginTypes.LOG_DRIVER, "%2$s", List.of(), false, new None());
        }

        @Override
        public LogDriver create(PluginContext context, None config) {
          %3$s
          return new LogDriver() {};
        }
      }
      """;

  /** An image verifier whose creation and verdicts do what the test says. */
  private static final String VERIFIER =
      """
      package vendor;

      import dev.carafe.spi.content.Descriptor;
      import dev.carafe.spi.images.ImageLocation;
      import dev.carafe.spi.images.ImageVerifier;
      import dev.carafe.spi.plugins.*;
      import java.util.List;

      @CarafePlugin
      public class %1$s implements PluginFactory<ImageVerifier, %1$s.None> {
        public record None() {}

        @Override
        public PluginDeclaration<ImageVerifier, None> declaration() {
          return new PluginDeclaration<>(
              PluginTypes.IMAGE_VERIFIER, "%2$s", List.of(), false, new None());
        }

        @Override
        public ImageVerifier create(PluginContext context, None config) {
          %3$s
          return new Verifier();
        }

        static final class Verifier implements ImageVerifier {
          @Override
          public Verdict verify(ImageLocation image, Descriptor target) {
            %4$s
            return null;
          }
        }
      }
      """;

  private static final String HANG =
      "while (true) java.util.concurrent.locks.LockSupport.parkNanos(1_000_000_000L);";

  private static void driver(Lab lab, String id, String creating) throws IOException {
    install(lab, id, DRIVER, creating, "");
  }

  private static void verifier(Lab lab, String id, String creating, String verifying)
      throws IOException {
    install(lab, id, VERIFIER, creating, verifying);
  }

  private static void install(Lab lab, String id, String source, String creating, String verifying)
      throws IOException {
    String name = Character.toUpperCase(id.charAt(0)) + id.substring(1);
    Path work = lab.directory("work-" + id);
    Path classes = Files.createDirectory(work.resolve("classes"));
    Path file = Files.createDirectories(work.resolve("vendor")).resolve(name + ".java");
    Files.writeString(file, source.formatted(name, id, creating, verifying));
    JavaCompiler compiler = javax.tools.ToolProvider.getSystemJavaCompiler();
    assertEquals(
        0,
        compiler.run(
            null,
            null,
            null,
            "-proc:full",
            "-processor",
            "dev.carafe.spi.processor.PluginProcessor",
            "-cp",
            System.getProperty("java.class.path"),
            "-d",
            classes.toString(),
            file.toString()));
    Path jar = lab.directory("plugins").resolve(id + ".jar");
    assertEquals(
        0,
        ToolProvider.findFirst("jar")
            .orElseThrow()
            .run(
                System.out,
                System.err,
                "--create",
                "--file",
                jar.toString(),
                "-C",
                classes.toString(),
                "."));
  }

  private static TestDaemon daemon(Lab lab) {
    return lab.daemon(
        """
        plugin_dirs = ["%s"]
        [plugin_limits]
        create_seconds = 3
        """
            .formatted(lab.directory("plugins")));
  }

  private static List<RuntimeCondition> conditions(Cri cri) {
    return cri.runtime().status(StatusRequest.getDefaultInstance()).getStatus().getConditionsList();
  }

  private static RuntimeCondition condition(Cri cri, String type) {
    return conditions(cri).stream()
        .filter(one -> one.getType().equals(type))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void jarsThatFailStopNothingAndAreShown(Lab lab) throws Exception {
    // Given jars that end the daemon, hang, overflow, and are no jars
    driver(lab, "exits", "if (true) System.exit(7);");
    driver(lab, "halts", "if (true) Runtime.getRuntime().halt(7);");
    driver(lab, "hangs", "if (true) { " + HANG + " }");
    driver(lab, "overflows", "if (true) throw new StackOverflowError();");
    Files.writeString(lab.directory("plugins").resolve("none.jar"), "no jar");

    // When
    TestDaemon daemon = daemon(lab);
    Cri cri = Cri.of(lab, daemon);

    // Then it serves, pulls and runs
    assertTrue(daemon.api().serving());
    Carafe carafe = daemon.carafe();
    String image = ImageStock.busybox().name();
    carafe.ok("pull", "--quiet", image);
    assertEquals("fine\n", carafe.ok("run", "--rm", image, "c1", "echo", "fine"));

    // And the node is ready, and told what is wrong
    assertTrue(condition(cri, "RuntimeReady").getStatus());
    RuntimeCondition plugins = condition(cri, "PluginsReady");
    assertFalse(plugins.getStatus());
    assertEquals("PluginsFailed", plugins.getReason());
    for (String fault :
        List.of(
            "System.exit(7) is called",
            "Runtime.halt(7) is called",
            "did not return in 3 s",
            "StackOverflowError",
            "none.jar\" cannot be opened")) {
      assertTrue(plugins.getMessage().contains(fault), plugins.getMessage());
    }
    List<String> listed = carafe.lines("plugins", "ls");
    for (String id : List.of("exits", "halts", "hangs", "overflows", "none.jar")) {
      assertTrue(
          listed.stream().anyMatch(line -> line.contains(" " + id + " ") && line.contains("error")),
          () -> id + " in " + String.join("\n", listed));
    }
  }

  @Test
  void whileAVerifierCouldNotBeMadeNoImageIsGood(Lab lab) throws Exception {
    // Given
    verifier(lab, "broken", "if (true) throw new StackOverflowError();", "");
    TestDaemon daemon = daemon(lab);
    String image = ImageStock.busybox().name();

    // Then
    String refused = daemon.carafe().run("pull", "--quiet", image).oneLineError();
    assertTrue(refused.contains("image verifier broken"), refused);
    assertTrue(refused.contains("could not be made"), refused);

    // When it is gone
    daemon.stop();
    Files.delete(lab.directory("plugins").resolve("broken.jar"));
    daemon.start();

    // Then
    daemon.carafe().ok("pull", "--quiet", image);
  }

  @Test
  void aPluginThatEndsTheDaemonInACallOnlyEndsTheCall(Lab lab) throws Exception {
    // Given a verifier that is loaded while the daemon runs
    TestDaemon daemon = daemon(lab);
    Carafe carafe = daemon.carafe();
    String image = ImageStock.busybox().name();
    Path jar = lab.directory("plugins").resolve("exits.jar");
    verifier(lab, "exits", "", "if (true) System.exit(7);");
    carafe.ok("plugins", "load", jar.toString());

    // Then no image is good
    String refused = carafe.run("pull", "--quiet", image).oneLineError();
    assertTrue(refused.contains("System.exit(7) is called"), refused);

    // And the next one is, once it is gone
    carafe.ok("plugins", "unload", "exits");
    carafe.ok("pull", "--quiet", image);
    assertTrue(daemon.api().serving());
  }
}
