package dev.carafe.cri;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What {@code /proc} says of processes. Processes end at any moment: whatever cannot be read counts
 * nothing.
 *
 * @param threads of all
 * @param descriptors open in all, up to a limit
 * @param sockets among them
 */
record ProcessFiles(long threads, long descriptors, long sockets) {
  private static final int MOST_PROCESSES = 1024;
  private static final int MOST_DESCRIPTORS = 1 << 16;
  private static final int MOST_BYTES = 1 << 20;
  private static final Pattern THREADS = Pattern.compile("(?m)^Threads:\\s+(\\d{1,9})$");
  private static final Pattern OPEN_FILES = Pattern.compile("(?m)^Max open files\\s+(\\d{1,18})");
  private static final Pattern INTERFACE =
      Pattern.compile("(?m)^\\s*([^\\s:]+):(( +\\d{1,19}){16})");

  static ProcessFiles of(List<Long> pids) {
    long threads = 0;
    long[] files = new long[2];
    for (long pid : pids.stream().limit(MOST_PROCESSES).toList()) {
      Path process = Path.of("/proc", Long.toString(pid));
      threads += number(THREADS, text(process.resolve("status")));
      count(process.resolve("fd"), files);
    }
    return new ProcessFiles(threads, files[0], files[1]);
  }

  private static void count(Path directory, long[] files) {
    try (DirectoryStream<Path> links = Files.newDirectoryStream(directory)) {
      for (Path link : links) {
        if (files[0] >= MOST_DESCRIPTORS) {
          return;
        }
        files[0]++;
        if (isSocket(link)) {
          files[1]++;
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      return;
    }
  }

  private static boolean isSocket(Path link) {
    try {
      return Files.readSymbolicLink(link).toString().startsWith("socket:");
    } catch (IOException e) {
      return false;
    }
  }

  /** The soft limit of open files of a process. */
  static long openFiles(long pid) {
    return number(OPEN_FILES, text(Path.of("/proc", Long.toString(pid), "limits")));
  }

  /** Sixteen counters by interface, in the network namespace of a process. */
  static Map<String, long[]> network(long pid) {
    return network(text(Path.of("/proc", Long.toString(pid), "net/dev")));
  }

  static Map<String, long[]> network(String table) {
    Map<String, long[]> interfaces = new LinkedHashMap<>();
    Matcher lines = INTERFACE.matcher(table);
    while (lines.find()) {
      String[] numbers = lines.group(2).strip().split(" +");
      long[] counts = new long[numbers.length];
      for (int i = 0; i < counts.length; i++) {
        counts[i] = Long.parseUnsignedLong(numbers[i]);
      }
      interfaces.put(lines.group(1), counts);
    }
    return interfaces;
  }

  private static long number(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    return matcher.find() ? Long.parseLong(matcher.group(1)) : 0;
  }

  private static String text(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      return new String(in.readNBytes(MOST_BYTES), StandardCharsets.UTF_8);
    } catch (IOException | UncheckedIOException e) {
      return "";
    }
  }
}
