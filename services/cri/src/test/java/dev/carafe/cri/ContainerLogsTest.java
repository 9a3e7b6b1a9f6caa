package dev.carafe.cri;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.api.cri.v1.ContainerConfig;
import dev.carafe.oci.ContainerUser;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.logs.LogDestination;
import dev.carafe.spi.logs.LogDriver;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContainerLogsTest {
  private static CriContainer container(String log, ContainerConfig config) {
    return new CriContainer(
        "c",
        "p",
        config,
        "i",
        log,
        15,
        new ContainerUser(0, 0, List.of()),
        Instant.EPOCH,
        null,
        null);
  }

  @Test
  void aDriverThatIsNotThereIsAnErrorThatNamesThoseThatAre(@TempDir Path directory) {
    // Given
    Map<String, LogDriver> drivers = Map.of("other", new LogDriver() {});

    // When
    InvalidArgumentException error =
        assertThrows(
            InvalidArgumentException.class,
            () -> new ContainerLogs(drivers, CriConfig.DEFAULT, directory));

    // Then
    String message = String.valueOf(error.getMessage());
    assertTrue(message.contains("\"cri-file\"") && message.contains("[other]"), message);
  }

  @Test
  void streamsNameTheFileTheInputAndTheJournal() {
    // Given
    ContainerConfig config =
        ContainerConfig.newBuilder().setStdin(true).setStdinOnce(true).setTty(true).build();

    // When
    var stdio =
        ContainerLogs.stdio(
            container("/var/log/a b.log", config), List.of(new LogDestination.Journal("n/p & q")));

    // Then
    assertEquals("cri-log:///var/log/a%20b.log?stdin=once&journal=n%252Fp+%2526+q", stdio.stdout());
    assertTrue(stdio.terminal());
    assertEquals(
        "cri-log:///dev/null",
        ContainerLogs.stdio(container("", ContainerConfig.getDefaultInstance()), List.of())
            .stdout());
  }
}
