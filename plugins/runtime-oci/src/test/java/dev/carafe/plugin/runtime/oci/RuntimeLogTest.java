package dev.carafe.plugin.runtime.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RuntimeLogTest {
  @TempDir Path directory;

  @Test
  void theLastErrorIsTaken() throws IOException {
    // Given
    Path log =
        log(
            """
            {"level":"error","msg":"first","time":"x"}
            {"level":"error","msg":"exec: \\"nope\\": not found","time":"x"}
            {"level":"warning","msg":"later","time":"x"}
            {"level":"err
            """);

    // Then
    assertEquals("exec: \"nope\": not found", RuntimeLog.lastError(log));
  }

  @Test
  void noLogIsNoError() {
    assertEquals("", RuntimeLog.lastError(directory.resolve("missing")));
  }

  @Test
  void aHugeLogIsReadFromItsEndAndAHugeMessageCut() throws IOException {
    // Given
    Path log =
        log(
            "x".repeat(1 << 20)
                + "\n{\"level\":\"error\",\"msg\":\""
                + "y".repeat(20_000)
                + "\"}\n");

    // When
    String error = RuntimeLog.lastError(log);

    // Then
    assertTrue(error.startsWith("yyy"));
    assertTrue(error.length() < 17_000);
  }

  private Path log(String content) throws IOException {
    return Files.writeString(directory.resolve("log.json"), content);
  }
}
