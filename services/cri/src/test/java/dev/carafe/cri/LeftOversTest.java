package dev.carafe.cri;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeftOversTest {
  private static List<String> names(Path directory) throws Exception {
    try (var found = Files.list(directory)) {
      return found.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void directoriesOfContainersWithoutARecordGoAndThoseOfCommandsAreFound(@TempDir Path directory)
      throws Exception {
    // Given
    String known = "a".repeat(64);
    String unknown = "b".repeat(64);
    for (String name : List.of("exec-1", known, unknown, "cni", "cafe")) {
      Files.createDirectories(directory.resolve(name).resolve("in"));
    }

    // When
    LeftOvers.ofContainers(directory, Set.of(known));

    // Then
    assertEquals(List.of(known, "cafe", "cni", "exec-1"), names(directory));
    assertEquals(List.of(directory.resolve("exec-1")), LeftOvers.commands(directory));
  }
}
