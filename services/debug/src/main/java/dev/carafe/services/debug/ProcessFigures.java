package dev.carafe.services.debug;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the daemon takes of the machine: proc(5) and the JVM's own word. */
final class ProcessFigures {
  private static final Logger LOG = LoggerFactory.getLogger(ProcessFigures.class);
  private static final Path SELF = Path.of("/proc/self");

  /**
   * Ticks are hundredths of a second on all machines that Linux runs on, as far as proc(5) goes.
   */
  private static final long TICK_NANOS = 10_000_000;

  private ProcessFigures() {}

  static Map<String, Object> read() {
    Runtime runtime = Runtime.getRuntime();
    Map<String, Object> figures = new LinkedHashMap<>();
    Instant began = ProcessHandle.current().info().startInstant().orElse(Instant.now());
    figures.put("pid", ProcessHandle.current().pid());
    figures.put("uptimeMillis", Duration.between(began, Instant.now()).toMillis());
    figures.put("processors", runtime.availableProcessors());
    figures.put("heap", runtime.totalMemory() - runtime.freeMemory());
    figures.put("heapCommitted", runtime.totalMemory());
    figures.put("heapMax", runtime.maxMemory());
    try {
      List<String> status = Files.readAllLines(SELF.resolve("status"));
      figures.put("rss", number(status, "VmRSS:") * 1024);
      figures.put("threads", number(status, "Threads:"));
      figures.put("cpuNanos", cpuNanos(Files.readString(SELF.resolve("stat"))));
      try (Stream<Path> descriptors = Files.list(SELF.resolve("fd"))) {
        figures.put("descriptors", descriptors.count());
      }
      figures.put("descriptorLimit", descriptorLimit(Files.readAllLines(SELF.resolve("limits"))));
    } catch (IOException e) {
      LOG.debug("debug page: {}", e.toString());
    }
    return figures;
  }

  static long number(List<String> lines, String name) {
    for (String line : lines) {
      if (line.startsWith(name)) {
        return Long.parseLong(line.substring(name.length()).strip().split("\\s+")[0]);
      }
    }
    return 0;
  }

  /** User and system time; the name of the program may have blanks and brackets in it. */
  static long cpuNanos(String stat) {
    String[] words = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return (Long.parseLong(words[11]) + Long.parseLong(words[12])) * TICK_NANOS;
  }

  static long descriptorLimit(List<String> limits) {
    for (String line : limits) {
      if (line.startsWith("Max open files")) {
        String soft = line.substring("Max open files".length()).strip().split("\\s+")[0];
        return soft.equals("unlimited") ? 0 : Long.parseLong(soft);
      }
    }
    return 0;
  }
}
