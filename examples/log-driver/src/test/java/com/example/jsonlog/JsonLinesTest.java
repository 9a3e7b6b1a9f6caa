package com.example.jsonlog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.logs.LogLine;
import dev.carafe.spi.logs.LoggedContainer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonLinesTest {
  private static final LoggedContainer CONTAINER =
      new LoggedContainer(
          "c1", "main", 0, "../pod", "default", "uid", Path.of("/log"), Map.of(), Map.of());

  @TempDir private Path root;

  private static LogLine line(String text) {
    return new LogLine(
        Instant.parse("2026-01-02T03:04:05Z"),
        false,
        false,
        text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void aLineIsOneObject() throws Exception {
    JsonLines driver = new JsonLines(root);

    driver.write(CONTAINER, 7, List.of(line("a \"b\"\t\\")));

    assertEquals(
        "{\"n\":7,\"time\":\"2026-01-02T03:04:05Z\",\"stream\":\"stdout\","
            + "\"text\":\"a \\\"b\\\"\\u0009\\\\\"}\n",
        Files.readString(root.resolve("default_---pod_main_c1.jsonl")));
  }

  @Test
  void aLineThatACrashCutShortIsWrittenAgain() throws Exception {
    // Given
    new JsonLines(root).write(CONTAINER, 0, List.of(line("a"), line("b")));
    Path file = new JsonLines(root).file(CONTAINER);
    String whole = Files.readString(file);
    Files.writeString(file, "{\"n\":2,\"ti", StandardOpenOption.APPEND);

    // When
    new JsonLines(root).write(CONTAINER, 1, List.of(line("b"), line("c")));

    // Then
    assertEquals(3, Files.readAllLines(file).size());
    assertEquals(whole, Files.readString(file).substring(0, whole.length()));
  }

  @Test
  void whereNothingCanBeWrittenTheLinesAreLeftToTheDaemon() throws Exception {
    Path file = Files.writeString(root.resolve("file"), "");
    JsonLines driver = new JsonLines(file.resolve("below"));

    assertThrows(UnavailableException.class, () -> driver.write(CONTAINER, 0, List.of(line("a"))));
  }
}
