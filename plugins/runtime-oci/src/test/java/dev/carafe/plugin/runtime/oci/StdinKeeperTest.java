package dev.carafe.plugin.runtime.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class StdinKeeperTest {
  private static long pidfds() throws IOException {
    try (var entries = Files.list(Path.of("/proc/self/fd"))) {
      long count = 0;
      for (Path entry : entries.toList()) {
        count += Files.isSymbolicLink(entry) && target(entry).contains("pidfd") ? 1 : 0;
      }
      return count;
    }
  }

  private static String target(Path entry) {
    try {
      return Files.readSymbolicLink(entry).toString();
    } catch (IOException _) {
      return "";
    }
  }

  @Test
  void releasingWhatWasNeverKeptLeavesNoDescriptor() throws IOException {
    // Given
    Pid self = Pid.of(ProcessHandle.current().pid());
    long before = pidfds();

    // When
    StdinKeeper.release(self, -1);

    // Then
    assertEquals(before, pidfds());
  }
}
