package dev.carafe.plugin.logs;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.carafe.spi.logs.LogLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/** Reads what {@link TeeDriver} writes. */
final class Copies {
  private Copies() {}

  static TeeDriver driver(Path directory, long maxFileSize) {
    return new TeeDriver(new TeeConfig(directory, maxFileSize, 3));
  }

  static List<LogLine> lines(Path file) throws IOException {
    if (!Files.exists(file)) {
      return List.of();
    }
    return Stream.of(Files.readString(file, ISO_8859_1).split("\n", -1))
        .filter(line -> !line.isEmpty())
        .map(Copies::line)
        .toList();
  }

  private static LogLine line(String text) {
    String[] parts = text.split(" ", 4);
    return new LogLine(
        Instant.parse(parts[0]),
        parts[1].equals("stderr"),
        parts[2].equals("P"),
        parts[3].getBytes(ISO_8859_1));
  }
}
