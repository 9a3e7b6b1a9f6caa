package dev.carafe.plugin.runtime.oci;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.linux.Signals;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.spi.runtimes.TaskStreams;
import dev.carafe.testkit.runtimes.Await;
import dev.carafe.testkit.runtimes.RuntimeSandbox;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Logs in CRI's format, by runc under conmon. */
@Timeout(120)
class ContainerLogTest {
  private static final String TIME = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}\\S+ ";

  private RuntimeSandbox sandbox;
  private OciRuntime runtime;
  private Path log;

  @BeforeEach
  void begin() throws Exception {
    sandbox = Configs.sandbox();
    runtime =
        new OciRuntime(
            Configs.with("runc", Duration.ofSeconds(2)), sandbox.state(), Configs.RESOURCES);
    log = sandbox.directory().resolve("0.log");
  }

  @AfterEach
  void end() throws Exception {
    runtime.close();
    sandbox.close();
  }

  private RuntimeState running(String query, boolean terminal, String script) throws Exception {
    var stdio = new Stdio("", "cri-log://" + log + query, "", terminal);
    return runtime.start(
        runtime.create(
            sandbox.request(
                "a",
                stdio,
                dev.carafe.spi.runtimes.RuntimeOptions.NONE,
                spec -> {},
                "sh",
                "-c",
                script)),
        ProcessId.INIT);
  }

  private List<String> lines() throws IOException {
    return Files.readAllLines(log);
  }

  /** Lines of the container; conmon may write one in parts. */
  private static long whole(Path file) throws IOException {
    return Files.readAllLines(file).stream().filter(line -> line.contains(" stdout F ")).count();
  }

  @Test
  void aLineCarriesItsTimeAndItsStreamAndWhetherItIsWhole() throws Exception {
    // When
    RuntimeState state = running("", false, "echo out; echo err >&2; printf part");
    RuntimeSandbox.await(runtime, state, ProcessId.INIT);
    runtime.delete(state, ProcessId.INIT);

    // Then
    List<String> sorted =
        lines().stream().map(line -> line.replaceFirst(TIME, "")).sorted().toList();
    assertEquals(List.of("stderr F err", "stdout F out", "stdout P part"), sorted);
    assertTrue(lines().stream().allMatch(line -> line.matches(TIME + ".*")), lines()::toString);
  }

  @Test
  void aLogThatWasRenamedIsOpenedAnewWithoutLosingALine() throws Exception {
    // Given
    RuntimeState state =
        running(
            "", false, "i=0; while [ $i -lt 4000 ]; do echo line $i; i=$((i+1)); done; sleep 100");
    Await.until("the first lines", () -> lines().size() > 10);

    // When
    Path old = log.resolveSibling("0.log.1");
    Files.move(log, old);
    runtime.reopenLog(state);

    // Then
    assertTrue(Files.exists(log));
    Await.until("all lines", () -> Files.exists(log) && whole(log) + whole(old) == 4000);
    runtime.kill(state, ProcessId.INIT, Signals.SIGKILL, false);
    RuntimeSandbox.await(runtime, state, ProcessId.INIT);
    assertThrows(NotFoundException.class, () -> runtime.reopenLog(state));
    runtime.delete(state, ProcessId.INIT);
  }

  @Test
  void aTerminalIsLoggedAndResized() throws Exception {
    // Given
    RuntimeState state = running("?stdin=open", true, "stty size; sleep 1; stty size; sleep 100");
    Await.until("the first size", () -> lines().size() == 1);

    // When
    runtime.resize(state, ProcessId.INIT, 99, 20);

    // Then
    Await.until("the new size", () -> lines().size() == 2);
    assertTrue(lines().getLast().contains(" stdout F 20 99"), lines().getLast());
    runtime.kill(state, ProcessId.INIT, Signals.SIGKILL, false);
    RuntimeSandbox.await(runtime, state, ProcessId.INIT);
    runtime.delete(state, ProcessId.INIT);
  }

  @Test
  void whoeverAttachesSeesBothOutputsAndTypesTheInput() throws Exception {
    // Given
    RuntimeState state = running("?stdin=once", false, "cat; echo err >&2; exit 3");
    var out = new StringBuilder();
    var err = new StringBuilder();

    // When
    try (TaskStreams streams = runtime.attach(state);
        TaskStreams second = runtime.attach(state)) {
      byte[] text = "hello\n".getBytes(UTF_8);
      streams.write(text, 0, text.length);
      streams.endInput();
      for (TaskStreams.Output o = streams.next(); o != null; o = streams.next()) {
        (o.stderr() ? err : out).append(new String(o.bytes(), UTF_8));
      }
      TaskStreams.Output seen = second.next();

      // Then
      assertEquals("hello\n", out.toString());
      assertEquals("err\n", err.toString());
      assertTrue(seen != null && new String(seen.bytes(), UTF_8).equals("hello\n"));
    }
    assertEquals(3, RuntimeSandbox.await(runtime, state, ProcessId.INIT).code());
    assertThrows(NotFoundException.class, () -> runtime.attach(state));
    runtime.delete(state, ProcessId.INIT);
  }

  @Test
  void whoeverIsAttachedToASilentTaskCanGoAway() throws Exception {
    // Given
    RuntimeState state = running("", false, "sleep 100");
    var ended = new CompletableFuture<Boolean>();
    Thread waiting =
        Thread.ofVirtual()
            .start(() -> {
              try (TaskStreams streams = runtime.attach(state)) {
                streams.next();
                ended.complete(false);
              } catch (InterruptedException e) {
                ended.complete(true);
              }
            });

    // When
    waiting.interrupt();

    // Then
    assertTrue(ended.get(30, TimeUnit.SECONDS));
    runtime.kill(state, ProcessId.INIT, Signals.SIGKILL, false);
    RuntimeSandbox.await(runtime, state, ProcessId.INIT);
    runtime.delete(state, ProcessId.INIT);
  }

  @Test
  void outputThatIsNoLogCannotBeOpenedAnew() throws Exception {
    // Given
    RuntimeState state =
        runtime.create(
            sandbox.request(
                "a", Stdio.NONE, dev.carafe.spi.runtimes.RuntimeOptions.NONE, spec -> {}, "true"));

    // Then
    assertThrows(UnimplementedException.class, () -> runtime.reopenLog(state));
    runtime.delete(state, ProcessId.INIT);
  }
}
