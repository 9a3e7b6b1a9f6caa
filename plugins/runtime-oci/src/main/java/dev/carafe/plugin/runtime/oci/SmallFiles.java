package dev.carafe.plugin.runtime.oci;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads files of one line. One that is missing reads as empty. */
final class SmallFiles {
  private static final int LIMIT = 4096;

  private SmallFiles() {}

  static String read(Path file) {
    try (var in = Files.newInputStream(file)) {
      return new String(in.readNBytes(LIMIT), StandardCharsets.US_ASCII);
    } catch (IOException _) {
      return "";
    }
  }

  /** A single number that is not negative; 0 if missing or none. */
  static long number(Path file) {
    try {
      return Math.max(0, Long.parseLong(read(file).trim()));
    } catch (NumberFormatException _) {
      return 0;
    }
  }
}
