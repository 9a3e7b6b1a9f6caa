package dev.carafe.integration;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What the tests run on: the packaged daemon and the machine's tools. */
final class Setup {
  private Setup() {}

  /** The packaged daemon; its absence is an error, never a skip. */
  static Path dist() {
    String property = System.getProperty("carafe.dist", "");
    if (property.isEmpty()) {
      throw new AssertionError(
          "system property carafe.dist names no packaged daemon (./dev build makes target/carafe)");
    }
    Path dist = Path.of(property).toAbsolutePath().normalize();
    for (String program : List.of("bin/carafed", "bin/carafe")) {
      if (!Files.isExecutable(dist.resolve(program))) {
        throw new AssertionError(
            "no packaged daemon: "
                + dist.resolve(program)
                + " is missing (./dev build makes it; -Dcarafe.dist names another place)");
      }
    }
    return dist;
  }

  /** Where a program is: on the PATH, in sbin, or unpacked below {@code target/tools}. */
  static Path tool(String name) {
    for (Path directory : searched()) {
      Path program = directory.resolve(name);
      if (Files.isExecutable(program) && Files.isRegularFile(program)) {
        return program;
      }
    }
    throw new AssertionError(
        "program " + name + " is not installed (./dev test installs it); looked in " + searched());
  }

  /** Every program of that name, in the order in which they are looked for. */
  static List<Path> tools(String name) {
    List<Path> found =
        searched().stream()
            .map(directory -> directory.resolve(name))
            .filter(program -> Files.isExecutable(program) && Files.isRegularFile(program))
            .map(program -> program.toAbsolutePath().normalize())
            .distinct()
            .toList();
    return found.isEmpty() ? List.of(tool(name)) : found;
  }

  /** A file of a package that is newer than this machine's; it may be missing. */
  static Path peer(String file) {
    return Path.of(System.getProperty("carafe.peers", "target/peers"))
        .toAbsolutePath()
        .normalize()
        .resolve(file);
  }

  /** Where the programs of containerd 2 are, if they are unpacked below {@code target/peers}. */
  static Optional<Path> newerContainerd() {
    Path peers = Path.of(System.getProperty("carafe.peers", "target/peers"));
    return Stream.of("containerd", "containerd-2.1")
        .map(name -> peers.resolve(name).resolve("usr/bin").toAbsolutePath().normalize())
        .filter(programs -> Files.isExecutable(programs.resolve("containerd")))
        .findFirst();
  }

  private static List<Path> searched() {
    List<Path> directories = new ArrayList<>();
    for (String directory : System.getenv().getOrDefault("PATH", "").split(":")) {
      if (!directory.isEmpty()) {
        directories.add(Path.of(directory));
      }
    }
    directories.add(Path.of("/usr/sbin"));
    directories.add(Path.of("/sbin"));
    Path tools = Path.of(System.getProperty("carafe.tools", "target/tools")).normalize();
    for (String borrowed : List.of("docker-registry", "containerd")) {
      directories.add(tools.resolve(borrowed).resolve("usr/bin"));
    }
    return directories;
  }
}
