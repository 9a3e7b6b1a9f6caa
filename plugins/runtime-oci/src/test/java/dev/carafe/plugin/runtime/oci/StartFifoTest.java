package dev.carafe.plugin.runtime.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.carafe.linux.Signals;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.testkit.runtimes.RuntimeSandbox;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Starts with runc and without. */
@Timeout(120)
class StartFifoTest {
  private static final ProcessId INIT = ProcessId.INIT;

  private RuntimeSandbox sandbox;
  private Path verbs;

  @BeforeEach
  void begin() throws Exception {
    new OciRuntime(OciRuntimeConfig.DEFAULT, Path.of("/nowhere"), Configs.RESOURCES).close();
    sandbox = Configs.sandbox();
    verbs = Files.createFile(sandbox.directory().resolve("verbs"));
  }

  @AfterEach
  void end() throws Exception {
    sandbox.close();
  }

  /** Writes down its arguments and is runc. */
  private OciRuntime open() throws IOException {
    Path script = sandbox.directory().resolve("runc");
    Files.writeString(script, "#!/bin/sh\necho \"$@\" >> " + verbs + "\nexec runc \"$@\"\n");
    PrivateFiles.permissions(script, "rwx------");
    return new OciRuntime(
        Configs.with(script.toString(), Duration.ofSeconds(2)), sandbox.state(), Configs.RESOURCES);
  }

  private RuntimeState create(OciRuntime runtime, Consumer<ObjectNode> change) throws Exception {
    return runtime.create(
        sandbox.request("a", Stdio.NONE, RuntimeOptions.NONE, change, "sleep", "1000"));
  }

  private boolean startWasRun() throws IOException {
    return Files.readAllLines(verbs).stream()
        .anyMatch(line -> List.of(line.split(" ")).contains("start"));
  }

  private static void killAndDelete(OciRuntime runtime, RuntimeState state) throws Exception {
    runtime.kill(state, INIT, Signals.SIGKILL, false);
    RuntimeSandbox.await(runtime, state, INIT);
    runtime.delete(state, INIT);
  }

  @Test
  void aCreatedProcessIsLetGoWithoutAnotherProcess() throws Exception {
    try (OciRuntime runtime = open()) {
      // When
      RuntimeState state = runtime.start(create(runtime, spec -> {}), INIT);

      // Then
      assertInstanceOf(ProcessStatus.Running.class, runtime.status(state, INIT));
      assertFalse(startWasRun());
      assertTrue(Files.readString(verbs).contains(" create "), "runc made it");
      killAndDelete(runtime, state);
    }
  }

  @Test
  void hooksAfterTheStartAreRunByRunc() throws Exception {
    // Given
    Path trace = sandbox.directory().resolve("trace");
    try (OciRuntime runtime = open()) {
      // When
      RuntimeState state =
          runtime.start(
              create(
                  runtime,
                  spec -> {
                    ObjectNode hook = spec.putObject("hooks").putArray("poststart").addObject();
                    hook.put("path", "/bin/sh");
                    hook.putArray("args").add("sh").add("-c").add("echo started > " + trace);
                  }),
              INIT);

      // Then
      assertTrue(startWasRun());
      assertEquals("started\n", Files.readString(trace));
      killAndDelete(runtime, state);
    }
  }

  @Test
  void aProcessThatDiedBeforeItsStartIsNotStarted() throws Exception {
    try (OciRuntime runtime = open()) {
      // Given
      RuntimeState state = create(runtime, spec -> {});
      runtime.kill(state, INIT, Signals.SIGKILL, false);
      RuntimeSandbox.await(runtime, state, INIT);

      // Then
      assertThrows(DaemonException.class, () -> runtime.start(state, INIT));
      runtime.delete(state, INIT);
    }
  }

  /** As a client has it who looked at the status just before the process died. */
  @Test
  void aFifoThatNobodyWritesIsGivenUpWithItsProcess() throws Exception {
    try (OciRuntime runtime = open()) {
      // Given
      RuntimeState state = create(runtime, spec -> {});
      long pid = runtime.status(state, INIT).pid();
      ProcessHandle.of(pid).orElseThrow().destroyForcibly();

      // Then
      assertThrows(DaemonException.class, () -> runtime.start(state, INIT));
      RuntimeSandbox.await(runtime, state, INIT);
      runtime.delete(state, INIT);
    }
  }
}
