package dev.carafe.plugin.resources.cgroup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads and writes the kernel's small text files. A file that is missing reads as empty. */
final class CgroupFiles {
  /** Larger than any of these files gets. */
  private static final int LIMIT = 1 << 20;

  /** What {@code max} means in version 2: the largest unsigned number. */
  static final long MAX = -1L;

  private CgroupFiles() {}

  static String read(Path file) {
    try (var in = Files.newInputStream(file)) {
      return new String(in.readNBytes(LIMIT), StandardCharsets.US_ASCII);
    } catch (IOException _) {
      return "";
    }
  }

  static boolean exists(Path file) {
    return Files.exists(file);
  }

  /** A single number, {@code max} as {@link #MAX}; 0 if missing or not a number. */
  static long number(Path file) {
    return number(read(file).trim());
  }

  static long number(String text) {
    if (text.equals("max")) {
      return MAX;
    }
    try {
      return Long.parseUnsignedLong(text);
    } catch (NumberFormatException _) {
      return 0;
    }
  }

  /** Lines of {@code key value}. */
  static Map<String, Long> table(Path file) {
    var result = new LinkedHashMap<String, Long>();
    read(file)
        .lines()
        .forEach(line -> {
          int space = line.indexOf(' ');
          if (space > 0) {
            result.put(line.substring(0, space), number(line.substring(space + 1).trim()));
          }
        });
    return result;
  }

  /** Writes to a file that exists. */
  static void write(Path file, String text) throws IOException {
    Files.writeString(file, text, StandardCharsets.US_ASCII, StandardOpenOption.WRITE);
  }

  /** As {@link #write}; false where the file is not there. */
  static boolean writeIfPresent(Path file, String text) throws IOException {
    try {
      write(file, text);
      return true;
    } catch (NoSuchFileException _) {
      return false;
    }
  }
}
