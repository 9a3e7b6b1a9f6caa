package dev.carafe.plugin.runtime.shim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.linux.EventLoop;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileIo;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.spi.runtimes.TaskStreams.Output;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import dev.carafe.testkit.runtimes.Await;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@Timeout(60)
@ExtendWith(LeakCheck.class)
class CriLogTest {
  private Bundle bundle;
  private Path file;
  private EventLoop loop;
  private Fd stdout;
  private Fd stderr;

  @BeforeEach
  void open(WorkDirectory work) {
    bundle = new Bundle(work.path());
    file = work.path().resolve("0.log");
    loop = work.closeLater(EventLoop.start("cri-log-test", 16));
  }

  private CriLog start(WorkDirectory work, String query) {
    CriLogPlan plan = CriLogPlan.of(new Stdio("", "cri-log://" + file + query, "", false));
    assertNotNull(plan);
    return work.closeLater(CriLog.start(plan, loop, bundle));
  }

  /** As a shim has them open. */
  private void openAsAShim(WorkDirectory work) {
    stdout = work.closeLater(PathCalls.open(bundle.stdout(), OpenFlags.RDWR, 0));
    stderr = work.closeLater(PathCalls.open(bundle.stderr(), OpenFlags.RDWR, 0));
  }

  private static void write(Fd to, String text) {
    FileIo.writeFully(to, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Without the times. */
  private List<String> lines() throws IOException {
    return Files.exists(file)
        ? Files.readAllLines(file).stream().map(line -> line.split(" ", 2)[1]).toList()
        : List.of();
  }

  private void awaitLines(int count) throws Exception {
    Await.until(count + " lines", () -> lines().size() == count);
  }

  @Test
  void whatIsWrittenIsInTheFileLineByLine(WorkDirectory work) throws Exception {
    // Given
    start(work, "");
    openAsAShim(work);

    // When
    write(stdout, "one\n\nthree");
    awaitLines(3);
    write(stdout, "\n");
    awaitLines(4);
    write(stderr, "oops\n");
    awaitLines(5);

    // Then
    assertEquals(
        List.of("stdout F one", "stdout F ", "stdout P three", "stdout F ", "stderr F oops"),
        lines());
    String time = Files.readAllLines(file).getFirst().split(" ", 2)[0];
    assertTrue(time.matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z"), time);
  }

  @Test
  void whatIsWrittenWhileNoDaemonRunsIsWrittenByTheNext(WorkDirectory work) throws Exception {
    // Given
    CriLog first = start(work, "");
    openAsAShim(work);
    write(stdout, "before\n");
    first.close();
    assertEquals(List.of("stdout F before"), lines());

    // When
    write(stdout, "between\n");
    start(work, "");
    awaitLines(2);

    // Then
    assertEquals(List.of("stdout F before", "stdout F between"), lines());
  }

  @Test
  void whatIsInTheFifoAtTheEndIsWrittenStill(WorkDirectory work) throws Exception {
    // Given
    CriLog log = start(work, "");
    openAsAShim(work);
    String line = "x".repeat(99) + "\n";

    // When
    write(stdout, line.repeat(600));
    log.close();

    // Then
    assertEquals(
        600 * 99, lines().stream().mapToInt(text -> text.length() - "stdout F ".length()).sum());
  }

  @Test
  void aFileThatWasRenamedIsFollowedByANewOne(WorkDirectory work) throws Exception {
    // Given
    CriLog log = start(work, "");
    openAsAShim(work);
    write(stdout, "old\n");
    awaitLines(1);
    Path rotated = Files.move(file, file.resolveSibling("0.log.1"));

    // When
    log.reopen();
    write(stdout, "new\n");
    awaitLines(1);

    // Then
    assertEquals(List.of("stdout F new"), lines());
    assertTrue(Files.readString(rotated).endsWith("stdout F old\n"));
  }

  @Test
  void everyoneWhoIsAttachedGetsTheOutputAndMayType(WorkDirectory work) throws Exception {
    // Given
    CriLog log = start(work, "?stdin=once");
    openAsAShim(work);
    boolean[] ended = new boolean[1];
    CriLogClient first = log.attach(() -> ended[0] = true);
    CriLogClient second = log.attach(() -> {});
    assertNotNull(first);
    assertNotNull(second);

    // When
    write(stderr, "hello");
    first.write("typed".getBytes(StandardCharsets.UTF_8), 1, 4);
    first.endInput();

    // Then
    for (CriLogClient client : List.of(first, second)) {
      Output output = client.next();
      assertNotNull(output);
      assertTrue(output.stderr());
      assertEquals("hello", new String(output.bytes(), StandardCharsets.UTF_8));
    }
    assertTrue(ended[0]);
    var typed = new byte[10];
    try (Fd stdin = PathCalls.open(bundle.stdin(), OpenFlags.RDONLY, 0)) {
      assertEquals(4, FileIo.read(stdin, typed, 0, typed.length));
    }
    log.close();
    assertNull(first.next());
    assertNull(first.next());
    assertNull(log.attach(() -> {}));
  }

  @Test
  void aClientThatDoesNotKeepUpIsCutOffAndHoldsUpNothing(WorkDirectory work) throws Exception {
    // Given
    CriLog log = start(work, "?stdin=open");
    openAsAShim(work);
    boolean[] ended = new boolean[1];
    CriLogClient slow = log.attach(() -> ended[0] = true);
    assertNotNull(slow);

    // When
    for (int i = 1; i <= 300; i++) {
      write(stdout, i + "\n");
      awaitLines(i);
    }

    // Then
    int got = 0;
    while (slow.next() != null) {
      got++;
    }
    assertTrue(got >= 1 && got < 300, got + " pieces");
    slow.endInput();
    assertFalse(ended[0], "the end of one client's input is not the process's");
  }

  @Test
  void whatAShimCannotDoIsRefused() {
    assertThrows(
        InvalidArgumentException.class,
        () -> CriLogPlan.of(new Stdio("", "cri-log:///a?journal=tag", "", false)));
    assertNull(CriLogPlan.of(new Stdio("", "/some/fifo", "", false)));
  }
}
