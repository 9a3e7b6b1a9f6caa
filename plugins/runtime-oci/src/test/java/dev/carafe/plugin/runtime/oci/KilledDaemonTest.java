package dev.carafe.plugin.runtime.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.testkit.runtimes.Await;
import dev.carafe.testkit.runtimes.FifoReader;
import dev.carafe.testkit.runtimes.RuntimeSandbox;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A daemon in a virtual machine of its own, ended by SIGKILL. */
@Timeout(120)
class KilledDaemonTest {
  private static final ProcessId INIT = ProcessId.INIT;

  /** Creates and starts a task, prints its state and then does nothing. */
  static final class Daemon {
    private Daemon() {}

    public static void main(String[] arguments) throws Exception {
      var runtime =
          new OciRuntime(OciRuntimeConfig.DEFAULT, Path.of(arguments[0]), Configs.RESOURCES);
      RuntimeState state = runtime.create(RequestFile.read(Path.of(arguments[1])));
      state = runtime.start(state, INIT);
      System.out.println(Base64.getEncoder().encodeToString(state.value()));
      new CountDownLatch(1).await();
    }
  }

  @Test
  void outputGoesOnAndTheCodeIsKept() throws Exception {
    try (var sandbox = Configs.sandbox()) {
      // Given
      Path stdin = sandbox.fifo("stdin");
      Path stdout = sandbox.fifo("stdout");
      FifoReader out = sandbox.reader(stdout);
      var stdio = new Stdio(stdin.toString(), stdout.toString(), "", false);
      String script =
          "i=0; while [ ! -e /data/go ]; do i=$((i+1)); echo $i; sleep 0.01; done; cat; exit 42";
      RuntimeState state = startAndKill(sandbox, stdio, script);

      // Then
      int before = out.size();
      Await.until("more output", () -> out.size() > before + 20);

      // When
      try (var runtime =
          new OciRuntime(
              Configs.with("runc", Duration.ofSeconds(2)), sandbox.state(), Configs.RESOURCES)) {
        RuntimeState recovered = runtime.recover(sandbox.location("a"), state);
        assertInstanceOf(ProcessStatus.Running.class, runtime.status(recovered, INIT));
        sandbox.touch("a", "data/go");
        RuntimeSandbox.write(stdin, "late input\n");
        runtime.closeStdin(recovered, INIT);

        // Then
        assertEquals(42, RuntimeSandbox.await(runtime, recovered, INIT).code());
        assertCounts(out.all());
        runtime.delete(recovered, INIT);
      }
    }
  }

  @Test
  void aFileGetsEveryLine() throws Exception {
    try (var sandbox = Configs.sandbox()) {
      // Given
      Path log = sandbox.directory().resolve("log");
      String uri = "file://" + log;
      String script =
          "i=0; while [ ! -e /data/go ]; do i=$((i+1)); echo $i; sleep 0.01; done; echo late input;"
              + " exit 42";
      RuntimeState state = startAndKill(sandbox, new Stdio("", uri, uri, false), script);
      long pid = StateCodec.decode(state).init().process().number();

      // When it ends before there is another daemon
      sandbox.touch("a", "data/go");
      Await.until("the end", () -> !RuntimeSandbox.runs(pid));

      // Then
      try (var runtime =
          new OciRuntime(
              Configs.with("runc", Duration.ofSeconds(2)), sandbox.state(), Configs.RESOURCES)) {
        RuntimeState recovered = runtime.recover(sandbox.location("a"), state);
        assertEquals(42, RuntimeSandbox.await(runtime, recovered, INIT).code());
        runtime.delete(recovered, INIT);
        assertCounts(Files.readString(log));
      }
    }
  }

  private static RuntimeState startAndKill(RuntimeSandbox sandbox, Stdio stdio, String script)
      throws Exception {
    Path request = sandbox.directory().resolve("request");
    RequestFile.write(
        request, sandbox.request("a", stdio, RuntimeOptions.NONE, spec -> {}, "sh", "-c", script));
    Process daemon =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Daemon.class.getName(),
                sandbox.state().toString(),
                request.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (var output =
        new BufferedReader(
            new InputStreamReader(daemon.getInputStream(), StandardCharsets.UTF_8))) {
      String line = output.readLine();
      assertTrue(line != null, "the daemon said nothing");
      return new RuntimeState(Base64.getDecoder().decode(line));
    } finally {
      daemon.destroyForcibly();
      assertTrue(daemon.waitFor(20, TimeUnit.SECONDS));
    }
  }

  /** 1, 2, 3 ... without a gap, then the last line. */
  private static void assertCounts(String text) {
    List<String> lines = text.lines().toList();
    assertEquals("late input", lines.getLast());
    for (int i = 0; i < lines.size() - 1; i++) {
      assertEquals(Integer.toString(i + 1), lines.get(i));
    }
  }
}
