package dev.carafe.plugin.runtime.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.testkit.runtimes.Await;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.io.TempDir;

class ProcessTreeTest {
  @RepeatedTest(20)
  void whoeverWaitsForAChildDoesNotGoOnWhenThatIsKilled(@TempDir Path directory) throws Exception {
    // Given
    Path mark = directory.resolve("went-on");
    Process shell =
        new ProcessBuilder("sh", "-c", "sh -c 'sleep 1000'; echo on > " + mark + "; sleep 1000")
            .start();
    Pid top = Pid.of(shell.pid());
    Await.until("the children", () -> !ProcessTree.descendants(top).isEmpty());

    // When
    assertTrue(ProcessTree.kill(top, Duration.ofSeconds(20)));

    // Then
    assertEquals(137, shell.waitFor());
    assertEquals(false, Files.exists(mark));
  }
}
