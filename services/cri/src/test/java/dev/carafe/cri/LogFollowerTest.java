package dev.carafe.cri;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.logs.LogDriver;
import dev.carafe.spi.logs.LogLine;
import dev.carafe.spi.logs.LoggedContainer;
import dev.carafe.testkit.runtimes.Await;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class LogFollowerTest {
  private static final String TIME = "2026-01-02T03:04:05.123456789+00:00";

  @TempDir private Path directory;
  private final Taker taker = new Taker();
  private final CountDownLatch over = new CountDownLatch(1);

  /** Keeps lines by their numbers. */
  private static final class Taker implements LogDriver {
    private final List<String> taken = new ArrayList<>();
    private final AtomicInteger failures = new AtomicInteger();

    @Override
    public synchronized void write(LoggedContainer container, long first, List<LogLine> lines) {
      if (failures.getAndDecrement() > 0) {
        throw new UnavailableException("not now");
      }
      while (taken.size() > first) {
        taken.removeLast();
      }
      assertEquals(first, taken.size());
      lines.forEach(line -> taken.add(new String(line.text(), UTF_8)));
    }

    synchronized List<String> taken() {
      return List.copyOf(taken);
    }
  }

  private Path file() {
    return directory.resolve("0.log");
  }

  private Path record() {
    return directory.resolve("position");
  }

  private LogFollower begin() {
    var container =
        new LoggedContainer("aa01", "main", 0, "pod", "ns", "uid", file(), Map.of(), Map.of());
    return LogFollower.start(
        new FollowedLog("taker", container, 0, List.of()), taker, record(), over::countDown);
  }

  private LogFollower goOn() throws Exception {
    return LogFollower.start(
        FollowedLog.decode("record", Files.readAllBytes(record())),
        taker,
        record(),
        over::countDown);
  }

  private static void write(Path file, int from, int to) throws Exception {
    StringBuilder text = new StringBuilder();
    IntStream.range(from, to)
        .forEach(i -> text.append(TIME).append(" stdout F line ").append(i).append('\n'));
    write(file, text.toString());
  }

  private static void write(Path file, String text) throws Exception {
    Files.writeString(file, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private static List<String> expected(int to) {
    return IntStream.range(0, to).mapToObj(i -> "line " + i).toList();
  }

  private void awaitTaken(int count) throws Exception {
    Await.until(count + " lines", () -> taker.taken().size() >= count);
  }

  private void awaitAll(LogFollower follower, int count) throws Exception {
    follower.ended();
    assertTrue(over.await(30, TimeUnit.SECONDS));
    assertEquals(expected(count), taker.taken());
    assertFalse(Files.exists(record()));
  }

  @Test
  void linesAreHandedOnAsTheyComeAndTheLastOnesAfterTheEnd() throws Exception {
    LogFollower follower = begin();
    write(file(), 0, 10);
    awaitTaken(10);

    // When
    write(file(), 10, 30_000);
    write(file(), TIME + " stdout F line 30000");

    // Then
    awaitAll(follower, 30_001);
  }

  @Test
  void aLogThatNeverWasEndsToo() throws Exception {
    awaitAll(begin(), 0);
  }

  @Test
  void rotatedFilesAreReadToTheirEnds() throws Exception {
    // Given
    LogFollower follower = begin();
    write(file(), 0, 5000);
    awaitTaken(1);

    // When
    for (int i = 1; i <= 5; i++) {
      Path old = directory.resolve("0.log." + i);
      Files.move(file(), old);
      write(old, i * 5000, i * 5000 + 10);
      write(file(), i * 5000 + 10, (i + 1) * 5000);
      follower.rotated();
      if (i == 3) {
        Files.delete(old);
      }
    }

    // Then
    awaitAll(follower, 30_000);
  }

  @Test
  void anotherDaemonGoesOnWhereTheFirstOneWasEvenInAFileThatWasRenamed() throws Exception {
    // Given
    LogFollower first = begin();
    write(file(), 0, 100);
    awaitTaken(100);
    first.close();
    Files.move(file(), directory.resolve("0.log.1"));
    write(directory.resolve("0.log.1"), 100, 200);
    write(file(), 200, 300);

    // When
    LogFollower second = goOn();

    // Then
    awaitAll(second, 300);
  }

  @Test
  void aDriverThatFailsGetsTheSameLinesAgain() throws Exception {
    // Given
    taker.failures.set(3);
    LogFollower follower = begin();

    // When
    write(file(), 0, 50);

    // Then
    awaitTaken(50);
    awaitAll(follower, 50);
  }

  @Test
  void whatIsNotInTheFormatIsALineAsWell() {
    for (String odd :
        List.of("", "x", "no time stdout F text", TIME, TIME + " stdout", TIME + " other F text")) {
      LogLine line = LogFile.line(odd.getBytes(UTF_8), 0, odd.length());
      assertEquals(odd, new String(line.text(), UTF_8));
    }
    String piece = TIME + " stderr P a b ";
    LogLine line = LogFile.line(piece.getBytes(UTF_8), 0, piece.length());
    assertEquals("a b ", new String(line.text(), UTF_8));
    assertTrue(line.stderr() && line.partial());
    assertEquals(1767323045L, line.time().getEpochSecond());
  }
}
