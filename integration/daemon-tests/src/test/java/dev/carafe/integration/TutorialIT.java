package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The tutorial for authors of plugins, done as it is written: its blocks with a path are files, its
 * blocks of commands are run.
 */
@ExtendWith(LeakCheck.class)
class TutorialIT {
  private static final Path TUTORIAL = Path.of("../../docs/plugin-authors/tutorial.md");
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```(\\w+)(?: (\\S+))?\\n(.*?)^```$");
  private static final String RESTART = "systemctl restart carafe";
  private static final String IMAGE = "docker.io/library/busybox:latest";
  private static final String FOLDER = "/etc/carafe/plugins/";
  private static final Pattern WORKS = Pattern.compile("(?s).*\\bit runs\\b.*");

  /** What the tutorial's commands find on the machine. */
  private static void writePrograms(Path bin, TestDaemon daemon) throws IOException {
    Path carafe = bin.resolve("carafe");
    Files.writeString(
        carafe,
        "#!/bin/sh\nexec %s --address %s --namespace %s \"$@\"\n"
            .formatted(
                Setup.dist().resolve("bin/carafe"), daemon.socket(), daemon.carafe().namespace()));
    Files.setPosixFilePermissions(carafe, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  @Test
  @Timeout(600)
  void theTutorialWorksAsItIsWritten(Lab lab) throws Exception {
    // Given
    Path project = lab.directory("project");
    Path plugins = lab.directory("plugins");
    Path bin = lab.directory("bin");
    TestDaemon daemon =
        lab.newDaemon().config("plugin_dirs = [\"%s\"]\n".formatted(plugins)).start();
    writePrograms(bin, daemon);
    Path kit = Path.of("../../target/carafe-testkit.jar").toAbsolutePath().normalize();
    assertTrue(Files.exists(kit), kit + " is missing: ./dev build makes it");
    Files.createSymbolicLink(project.resolve("carafe-testkit.jar"), kit);
    String image = ImageStock.busybox().name();

    // When
    List<String> done = new ArrayList<>();
    StringBuilder said = new StringBuilder();
    Matcher blocks = BLOCK.matcher(Files.readString(TUTORIAL));
    while (blocks.find()) {
      if (blocks.group(2) != null) {
        Path file = project.resolve(blocks.group(2));
        Files.createDirectories(file.getParent());
        Files.writeString(file, blocks.group(3));
      } else if (blocks.group(1).equals("console")) {
        for (String line : blocks.group(3).lines().toList()) {
          String command = line.substring("$ ".length());
          done.add(command);
          if (command.equals(RESTART)) {
            daemon.stop();
            daemon.start();
          } else {
            said.append(
                run(project, bin, command.replace(IMAGE, image).replace(FOLDER, plugins + "/")));
          }
        }
      }
    }

    // Then
    assertEquals(8, done.size(), done::toString);
    assertTrue(WORKS.matcher(said).matches(), said::toString);
    assertTrue(
        Files.readString(project.resolve("target/io.containerd.snapshotter.v1.copy.md"))
            .contains(" 0 failed, 0 skipped"),
        said::toString);
  }

  /** Needs nothing from the network: what the project is built with, the examples have fetched. */
  private static String run(Path project, Path bin, String command) {
    Path java = Path.of(System.getProperty("java.home"));
    return Program.of(
            Path.of("/bin/bash"), List.of("-c", "set -o pipefail; cd " + project + "; " + command))
        .with("MAVEN_ARGS", "-o -B")
        .with("JAVA_HOME", java.toString())
        .with("PATH", bin + ":" + java.resolve("bin") + ":" + System.getenv("PATH"))
        .run(Duration.ofSeconds(300))
        .ok();
  }
}
