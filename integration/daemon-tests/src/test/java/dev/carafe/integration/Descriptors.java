package dev.carafe.integration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Open descriptors of a process, counted by what they are. */
final class Descriptors {
  /**
   * The JDK's own pollers, of which there are more once virtual threads have waited for sockets.
   */
  private static final int POLLERS = 12;

  private Descriptors() {}

  /**
   * Kinds like {@code socket}, {@code anon_inode:[pidfd]} or a path with {@code #} for its numbers.
   */
  static Map<String, Integer> of(long pid) {
    Map<String, Integer> counts = new TreeMap<>();
    Path directory = Path.of("/proc", Long.toString(pid), "fd");
    try (Stream<Path> descriptors = Files.list(directory)) {
      for (Path descriptor : descriptors.toList()) {
        try {
          counts.merge(kind(Files.readSymbolicLink(descriptor).toString()), 1, Integer::sum);
        } catch (IOException e) {
          // Closed since it was listed.
        }
      }
    } catch (IOException e) {
      return Map.of();
    }
    return counts;
  }

  private static String kind(String target) {
    int bracket = target.indexOf(":[");
    if (bracket > 0 && !target.startsWith("anon_inode")) {
      return target.substring(0, bracket);
    }
    return target.replaceAll("\\d+", "#");
  }

  /**
   * What is open now and was not at the start; what is opened once, when it is first needed, does
   * not count.
   */
  static List<String> grown(Map<String, Integer> before, Map<String, Integer> now) {
    return now.entrySet().stream()
        .filter(entry ->
            entry.getValue() > before.getOrDefault(entry.getKey(), 0) + allowance(entry.getKey()))
        .map(entry ->
            entry.getKey()
                + ": "
                + before.getOrDefault(entry.getKey(), 0)
                + " -> "
                + entry.getValue())
        .toList();
  }

  /** Whom the pidfds of a process stand for. */
  static String watched(long pid) {
    StringBuilder text = new StringBuilder();
    for (Path info : Leaks.list(Path.of("/proc", Long.toString(pid), "fdinfo"))) {
      Leaks.read(info)
          .lines()
          .filter(line -> line.startsWith("Pid:"))
          .map(line -> line.substring(4).trim())
          .forEach(other ->
              text.append(" (")
                  .append(other)
                  .append(": ")
                  .append(Leaks.read(Path.of("/proc", other, "stat")).strip())
                  .append(')'));
    }
    return text.toString();
  }

  private static int allowance(String kind) {
    if (kind.equals("anon_inode:[eventpoll]") || kind.equals("anon_inode:[eventfd]")) {
      return POLLERS;
    }
    if (kind.endsWith("/snapshots.log")) {
      return 1;
    }
    boolean program =
        kind.endsWith(".jar")
            || kind.endsWith(".so")
            || kind.startsWith("/dev/")
            || kind.startsWith("/usr/lib/jvm/");
    return program ? Integer.MAX_VALUE / 2 : 0;
  }
}
