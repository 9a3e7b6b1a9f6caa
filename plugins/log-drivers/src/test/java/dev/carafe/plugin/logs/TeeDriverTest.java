package dev.carafe.plugin.logs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.logs.LogLine;
import dev.carafe.spi.logs.LoggedContainer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TeeDriverTest {
  private static final LoggedContainer CONTAINER =
      new LoggedContainer(
          "aa01", "main", 2, "pod", "prod", "uid1", Path.of("/0.log"), Map.of(), Map.of());

  @TempDir private Path directory;

  private static List<LogLine> lines(int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(
            i -> new LogLine(Instant.ofEpochSecond(i), false, false, ("line " + i).getBytes(UTF_8)))
        .toList();
  }

  private static List<String> texts(Path file) throws Exception {
    return Copies.lines(file).stream().map(line -> new String(line.text(), UTF_8)).toList();
  }

  private static List<String> expected(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> "line " + i).toList();
  }

  @Test
  void theFileIsNamedAfterPodAndContainerAndInTheFormatOfCri() throws Exception {
    // When
    Copies.driver(directory, 1 << 20).write(CONTAINER, 0, lines(7, 8));

    // Then
    Path file = directory.resolve("prod/uid1/main-2-aa01.log");
    assertEquals("1970-01-01T00:00:07.000000000Z stdout F line 7\n", Files.readString(file));
  }

  @Test
  void whatAKillCutOffInTheMiddleIsWrittenAnew() throws Exception {
    // Given
    TeeDriver killed = Copies.driver(directory, 1 << 20);
    killed.write(CONTAINER, 0, lines(0, 10));
    Path file = killed.file(CONTAINER);
    long complete = Files.size(file);
    killed.write(CONTAINER, 10, lines(10, 20));
    try (var channel = java.nio.channels.FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(complete + 130);
    }
    assertFalse(Files.readString(file).endsWith("\n"));

    // When
    Copies.driver(directory, 1 << 20).write(CONTAINER, 10, lines(10, 25));

    // Then
    assertEquals(expected(0, 25), texts(file));
  }

  @Test
  void aFullFileIsPutAsideAndOnlySoManyAreKept() throws Exception {
    // Given
    TeeDriver driver = Copies.driver(directory, 1 << 16);

    // When
    for (int i = 0; i < 10_000; i += 500) {
      driver.write(CONTAINER, i, lines(i, i + 500));
    }
    driver.end(CONTAINER);

    // Then
    Path file = driver.file(CONTAINER);
    Path first = file.resolveSibling(file.getFileName() + ".1");
    Path second = file.resolveSibling(file.getFileName() + ".2");
    var kept = new java.util.ArrayList<>(texts(second));
    kept.addAll(texts(first));
    kept.addAll(texts(file));
    assertEquals(expected(10_000 - kept.size(), 10_000), kept);
    try (var all = Files.list(file.getParent())) {
      assertEquals(3, all.count());
    }
  }

  @Test
  void aFailureLosesNothingOnceItIsOver() throws Exception {
    // Given
    TeeDriver driver = Copies.driver(directory, 1 << 20);
    driver.write(CONTAINER, 0, lines(0, 3));
    Path file = driver.file(CONTAINER);
    Path aside = file.resolveSibling("aside");
    Files.move(file, aside);
    Files.createDirectory(file);

    // When
    assertThrows(UnavailableException.class, () -> driver.write(CONTAINER, 3, lines(3, 5)));
    Files.delete(file);
    Files.move(aside, file);
    driver.write(CONTAINER, 3, lines(3, 5));

    // Then
    assertEquals(expected(0, 5), texts(file));
  }

  @Test
  void theDefaultsAreBounded() {
    assertEquals(Path.of("/var/log/carafe/tee"), TeeConfig.DEFAULT.directory());
    assertEquals(64L << 20, TeeConfig.DEFAULT.maxFileSize());
    assertEquals(4, TeeConfig.DEFAULT.maxFiles());
    assertThrows(
        InvalidArgumentException.class, () -> new TeeConfig(Path.of("relative"), 1 << 20, 3));
    assertThrows(InvalidArgumentException.class, () -> new TeeConfig(Path.of("/a"), 1, 3));
    assertThrows(InvalidArgumentException.class, () -> new TeeConfig(Path.of("/a"), 1 << 20, 0));
  }
}
