package dev.carafe.testkit.logs;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.logs.LogDriver;
import dev.carafe.spi.logs.LogLine;
import dev.carafe.spi.logs.LoggedContainer;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.Race;
import dev.carafe.testkit.WorkDirectory;
import dev.carafe.testkit.logs.LogDriverHarness.Behaviour;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The contract of {@link LogDriver} as tests. Subclass it and say how to open yours. Every check
 * has an id that is never used for another.
 */
@Timeout(60)
@ExtendWith(LeakCheck.class)
public abstract class LogDriverConformance {
  private static final Instant TIME = Instant.parse("2026-01-02T03:04:05.123456789Z");
  private static final int ARRIVES_MILLIS = 10_000;

  /** How to open the driver. */
  protected abstract LogDriverHarness harness();

  private boolean does(Behaviour behaviour) {
    return !harness().declines().contains(behaviour);
  }

  private LogDriver open(WorkDirectory work) throws Exception {
    LogDriver driver = harness().open(root(work));
    if (driver instanceof AutoCloseable closeable) {
      work.closeLater(closeable);
    }
    return driver;
  }

  private static Path root(WorkDirectory work) throws Exception {
    return Files.createDirectories(work.path().resolve("1/2/3/4/root"));
  }

  private static LoggedContainer container(WorkDirectory work, String id) {
    return container(work, id, "pod", "default");
  }

  private static LoggedContainer container(
      WorkDirectory work, String id, String pod, String namespace) {
    return new LoggedContainer(
        id,
        "main",
        0,
        pod,
        namespace,
        "uid-of-" + pod,
        work.path().resolve(id + ".log"),
        Map.of(),
        Map.of());
  }

  private static LogLine line(String text) {
    return new LogLine(TIME, false, false, text.getBytes(UTF_8));
  }

  private static List<LogLine> lines(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> line("line " + i)).toList();
  }

  private static List<String> shown(List<LogLine> lines) {
    return lines.stream()
        .map(line ->
            line.time().getEpochSecond()
                + (line.stderr() ? " err " : " out ")
                + (line.partial() ? "P " : "F ")
                + new String(line.text(), ISO_8859_1))
        .toList();
  }

  private void assertArrives(WorkDirectory work, LoggedContainer container, List<LogLine> expected)
      throws Exception {
    List<String> wanted = shown(expected);
    List<String> arrived = List.of();
    long end = System.nanoTime() + ARRIVES_MILLIS * 1_000_000L;
    while (System.nanoTime() < end) {
      arrived = shown(harness().arrived(root(work), container));
      if (!does(Behaviour.LEAVES_OUT_WHAT_COMES_AGAIN)) {
        arrived = arrived.stream().distinct().toList();
      }
      if (arrived.equals(wanted)) {
        return;
      }
      Thread.sleep(20);
    }
    assertEquals(wanted, arrived);
  }

  @Test
  @DisplayName("LOGD-LIFE-01 whether it follows and where to are always the same answers")
  void answersAreStable(WorkDirectory work) throws Exception {
    LogDriver driver = open(work);
    LoggedContainer container = container(work, "aa01");
    assertEquals(does(Behaviour.FOLLOWS), driver.follows());
    assertEquals(driver.follows(), driver.follows());
    assertEquals(driver.destinations(container), driver.destinations(container));
    assertFalse(Files.exists(container.file()), "the kubelet's file is not the driver's");
  }

  @Test
  @DisplayName("LOGD-LIFE-02 a container without a line may end, twice")
  void mayEndWithoutALine(WorkDirectory work) throws Exception {
    LogDriver driver = open(work);
    driver.end(container(work, "aa01"));
    driver.end(container(work, "aa01"));
    assertArrives(work, container(work, "aa01"), List.of());
  }

  @Test
  @DisplayName("LOGD-LIFE-03 who does not follow takes no lines")
  void refusesLines(WorkDirectory work) throws Exception {
    LogDriver driver = open(work);
    if (does(Behaviour.FOLLOWS)) {
      driver.write(container(work, "aa01"), 0, lines(0, 1));
    } else {
      assertThrows(
          UnimplementedException.class,
          () -> driver.write(container(work, "aa01"), 0, lines(0, 1)));
    }
  }

  @Test
  @DisplayName("LOGD-LINE-01 lines arrive in order, with stream and time")
  void linesArrive(WorkDirectory work) throws Exception {
    LogDriver driver = open(work);
    if (!driver.follows()) {
      return;
    }
    LoggedContainer container = container(work, "aa01");
    List<LogLine> all = new ArrayList<>(lines(0, 3));
    all.add(new LogLine(TIME.plusSeconds(1), true, false, "an error".getBytes(UTF_8)));
    driver.write(container, 0, all);
    driver.write(container, 4, lines(4, 2000));
    driver.end(container);
    all.addAll(lines(4, 2000));
    assertArrives(work, container, all);
  }

  @Test
  @DisplayName("LOGD-LINE-02 pieces of a line, empty ones, long ones and odd bytes arrive as well")
  void oddLinesArrive(WorkDirectory work) throws Exception {
    LogDriver driver = open(work);
    if (!driver.follows()) {
      return;
    }
    LoggedContainer container = container(work, "aa01");
    List<LogLine> all = new ArrayList<>();
    all.add(new LogLine(TIME, false, true, "x".repeat(100_000).getBytes(UTF_8)));
    all.add(line("the rest"));
    all.add(line(""));
    all.add(line(" blank before and after "));
    all.add(line("größer \t\u001b[31m"));
    if (does(Behaviour.KEEPS_ANY_BYTES)) {
      all.add(new LogLine(TIME, false, false, new byte[] {(byte) 0xff, 0, '\r', (byte) 0x80}));
    }
    driver.write(container, 0, all);
    assertArrives(work, container, all);
  }

  @Test
  @DisplayName("LOGD-LINE-03 containers of one name have lines of their own")
  void containersAreApart(WorkDirectory work) throws Exception {
    LogDriver driver = open(work);
    if (!driver.follows()) {
      return;
    }
    driver.write(container(work, "aa01"), 0, lines(0, 2));
    driver.write(container(work, "aa02"), 0, lines(5, 7));
    driver.end(container(work, "aa01"));
    driver.write(container(work, "aa02"), 2, lines(7, 9));
    assertArrives(work, container(work, "aa01"), lines(0, 2));
    assertArrives(work, container(work, "aa02"), lines(5, 9));
  }

  @Test
  @DisplayName("LOGD-CONC-01 many containers write at once")
  void manyAtOnce(WorkDirectory work) throws Exception {
    LogDriver driver = open(work);
    if (!driver.follows()) {
      return;
    }
    List<Callable<Boolean>> calls = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      LoggedContainer container = container(work, "aa" + i);
      calls.add(() -> {
        for (int at = 0; at < 100; at += 10) {
          driver.write(container, at, lines(at, at + 10));
        }
        return true;
      });
    }
    assertEquals(16, Race.run(calls).stream().filter(Race.Outcome::succeeded).count());
    for (int i = 0; i < 16; i++) {
      assertArrives(work, container(work, "aa" + i), lines(0, 100));
    }
  }

  @Test
  @DisplayName("LOGD-RECO-01 after a crash the lines go on")
  void goesOnAfterACrash(WorkDirectory work) throws Exception {
    LogDriver before = open(work);
    if (!before.follows()) {
      return;
    }
    LoggedContainer container = container(work, "aa01");
    before.write(container, 0, lines(0, 10));
    LogDriver after = open(work);
    after.write(container, 10, lines(10, 20));
    assertArrives(work, container, lines(0, 20));
  }

  @Test
  @DisplayName("LOGD-RECO-02 lines that come again after a crash lose none, nor those behind them")
  void takesLinesAgain(WorkDirectory work) throws Exception {
    LogDriver before = open(work);
    if (!before.follows()) {
      return;
    }
    LoggedContainer container = container(work, "aa01");
    before.write(container, 0, lines(0, 10));
    before.write(container, 10, lines(10, 20));
    LogDriver after = open(work);
    after.write(container, 10, lines(10, 30));
    after.write(container, 30, lines(30, 40));
    assertArrives(work, container, lines(0, 40));
  }

  @Test
  @DisplayName("LOGD-RECO-03 equal lines that come again are still as many")
  void countsEqualLines(WorkDirectory work) throws Exception {
    LogDriver before = open(work);
    if (!before.follows() || !does(Behaviour.LEAVES_OUT_WHAT_COMES_AGAIN)) {
      return;
    }
    LoggedContainer container = container(work, "aa01");
    List<LogLine> four = List.of(line("same"), line("same"), line("same"), line("same"));
    before.write(container, 0, four);
    LogDriver after = open(work);
    after.write(container, 4, four);
    LogDriver last = open(work);
    last.write(container, 4, four);
    List<LogLine> all = new ArrayList<>(four);
    all.addAll(four);
    assertArrives(work, container, all);
  }

  @Test
  @DisplayName("LOGD-FAIL-01 a pod's name leads nowhere else")
  void namesAreHostile(WorkDirectory work) throws Exception {
    LogDriver driver = open(work);
    var outside = new HashSet<>(outside(work));
    int number = 0;
    for (String name : List.of("../../escaped", "/escaped", "..", ".", "a\nb", "é".repeat(300))) {
      LoggedContainer container = container(work, "aa" + number++, name, name);
      assertEquals(driver.destinations(container), driver.destinations(container), name);
      if (driver.follows()) {
        driver.write(container, 0, lines(0, 2));
        driver.end(container);
        assertArrives(work, container, lines(0, 2));
      }
    }
    assertTrue(outside.containsAll(outside(work)), "something outside of the root has changed");
  }

  private static List<Path> outside(WorkDirectory work) throws Exception {
    Path root = root(work);
    try (Stream<Path> all = Files.walk(work.path())) {
      return all.filter(path -> !path.startsWith(root)).toList();
    }
  }
}
