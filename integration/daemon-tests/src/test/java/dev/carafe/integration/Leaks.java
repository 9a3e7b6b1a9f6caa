package dev.carafe.integration;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Looks for what a test has left. Only sees what carries the test's work directory or namespace in
 * its name: others use the machine too.
 */
final class Leaks {
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Path CGROUPS = Path.of("/sys/fs/cgroup");
  private static final int DEEP = 5;

  private Leaks() {}

  /** With the daemon running and nothing asked of it. */
  static List<String> atRest(Lab lab, TestDaemon daemon) {
    List<String> leaks = new ArrayList<>();
    leaks.addAll(settled(() -> processes(lab)));
    leaks.addAll(settled(() -> cgroups(lab)));
    leaks.addAll(settled(() -> mounts(lab, daemon.pid())));
    leaks.addAll(
        settled(() ->
            Descriptors.grown(daemon.descriptorsAtStart(), Descriptors.of(daemon.pid())).stream()
                .map(grown ->
                    "descriptors of daemon "
                        + daemon
                        + ": "
                        + grown
                        + Descriptors.watched(daemon.pid()))
                .toList()));
    return leaks;
  }

  /** With all daemons stopped. */
  static List<String> afterStop(Lab lab) {
    List<String> leaks = new ArrayList<>();
    leaks.addAll(settled(() -> processes(lab)));
    leaks.addAll(cgroups(lab));
    leaks.addAll(mounts(lab, ProcessHandle.current().pid()));
    for (TestDaemon daemon : lab.daemons()) {
      files(daemon.temp()).forEach(file -> leaks.add("temporary file: " + file));
      files(daemon.state()).forEach(file -> leaks.add("file in the state directory: " + file));
    }
    return leaks;
  }

  /** What is still there after a while: an end may be under way. */
  private static List<String> settled(Supplier<List<String>> look) {
    try {
      Await.until("no leaks", PATIENCE, () -> look.get().isEmpty());
      return List.of();
    } catch (AssertionError e) {
      return look.get();
    }
  }

  /**
   * Processes, but for running daemons, that name the work directory or are in a cgroup of the
   * namespace.
   */
  static List<String> processes(Lab lab) {
    List<Long> daemons =
        lab.daemons().stream().filter(TestDaemon::alive).map(TestDaemon::pid).toList();
    List<String> found = new ArrayList<>();
    for (Path process : list(Path.of("/proc"))) {
      String name = process.getFileName().toString();
      if (!name.chars().allMatch(Character::isDigit) || daemons.contains(Long.parseLong(name))) {
        continue;
      }
      String command = read(process.resolve("cmdline")).replace('\0', ' ').strip();
      if (command.contains(lab.work() + "/")
          || read(process.resolve("cgroup")).contains("/" + lab.namespace())) {
        found.add("process " + name + ": " + command);
      }
    }
    return found;
  }

  /**
   * Cgroups of the namespace in all hierarchies; the empty one that only holds the others does not
   * count.
   */
  static List<String> cgroups(Lab lab) {
    List<String> found = new ArrayList<>();
    for (Path above : cgroupsOfNamespace(lab)) {
      try (Stream<Path> below = Files.walk(above)) {
        below
            .filter(Files::isDirectory)
            .filter(group -> !group.equals(above))
            .forEach(group -> found.add("cgroup " + group));
      } catch (IOException | UncheckedIOException e) {
        // Removed while it was listed.
      }
    }
    return found;
  }

  static List<Path> cgroupsOfNamespace(Lab lab) {
    try (Stream<Path> groups =
        Files.find(
            CGROUPS,
            DEEP,
            (path, attributes) ->
                attributes.isDirectory()
                    && path.getFileName().toString().startsWith(lab.namespace()))) {
      return groups.toList();
    } catch (IOException | UncheckedIOException e) {
      return List.of();
    }
  }

  /** Mounts below the work directory, as a process sees them (proc(5), mountinfo). */
  static List<String> mounts(Lab lab, long pid) {
    return read(Path.of("/proc", Long.toString(pid), "mountinfo"))
        .lines()
        .map(line -> line.split(" ", 6)[4])
        .filter(mount -> mount.startsWith(lab.work() + "/"))
        .map(mount -> "mount " + mount)
        .toList();
  }

  /** All but directories. */
  static List<Path> files(Path directory) {
    if (!Files.exists(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(directory)) {
      return files
          .filter(file -> !Files.isDirectory(file, java.nio.file.LinkOption.NOFOLLOW_LINKS))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<Path> list(Path directory) {
    try (Stream<Path> children = Files.list(directory)) {
      return children.toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A file's text, empty if it is gone. */
  static String read(Path file) {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException | UncheckedIOException e) {
      return "";
    }
  }
}
