package dev.carafe.plugin.runtime.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.linux.Signals;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.UnknownException;
import dev.carafe.spi.runtimes.CheckpointRequest;
import dev.carafe.spi.runtimes.CreateTask;
import dev.carafe.spi.runtimes.ExecProcess;
import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.testkit.runtimes.Await;
import dev.carafe.testkit.runtimes.RuntimeSandbox;
import dev.carafe.testkit.runtimes.Specs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class CheckpointTest {
  private static final ProcessId INIT = ProcessId.INIT;

  private RuntimeSandbox sandbox;
  private OciRuntime runtime;

  @BeforeEach
  void begin() throws Exception {
    new OciRuntime(OciRuntimeConfig.DEFAULT, Path.of("/nowhere"), Configs.RESOURCES).close();
    sandbox = Configs.sandbox();
    runtime =
        new OciRuntime(
            Configs.with("runc", Duration.ofSeconds(2)), sandbox.state(), Configs.RESOURCES);
  }

  @AfterEach
  void end() throws Exception {
    runtime.close();
    sandbox.close();
  }

  private CreateTask counting(String id, Path checkpoint) throws Exception {
    CreateTask request =
        sandbox.request(
            id,
            Stdio.NONE,
            RuntimeOptions.NONE,
            spec -> {},
            "sh",
            "-c",
            "i=0; while true; do i=$((i+1)); echo $i > /data/count; sleep 0.01; done");
    return new CreateTask(
        request.location(),
        request.spec(),
        sandbox.rootfs("shared"),
        request.stdio(),
        request.options(),
        checkpoint);
  }

  private boolean criuWorks() throws Exception {
    try {
      Process check =
          new ProcessBuilder(Binaries.find("criu", "checkpoint").toString(), "check")
              .redirectErrorStream(true)
              .redirectOutput(sandbox.directory().resolve("criu.out").toFile())
              .start();
      return check.waitFor(20, TimeUnit.SECONDS) && check.exitValue() == 0;
    } catch (FailedPreconditionException _) {
      return false;
    }
  }

  @Test
  void theOptionsOfTheWireBecomeArguments() {
    // Given
    var options =
        new RuntimeOptions(
            Map.of(
                "open_tcp", true,
                "external_unix_sockets", true,
                "terminal", true,
                "file_locks", true,
                "empty_namespaces", List.of("network"),
                "cgroups_mode", "soft"));

    // Then
    assertEquals(
        List.of(
            "--image-path",
            "/images",
            "--work-path",
            "/work",
            "--leave-running",
            "--tcp-established",
            "--ext-unix-sk",
            "--shell-job",
            "--file-locks",
            "--empty-ns",
            "network",
            "--manage-cgroups-mode",
            "soft"),
        Checkpoints.arguments(
            new CheckpointRequest(Path.of("/images"), false, options), Path.of("/work")));
  }

  @Test
  void aTaskGoesOnWhereItsCheckpointWasWritten() throws Exception {
    Assumptions.assumeTrue(criuWorks(), "criu is missing, or does not work on this kernel");

    // Given
    RuntimeState state = runtime.start(runtime.create(counting("a", null)), INIT);
    Await.until("a count", () -> count("a") > 5);
    Path images = Files.createDirectory(sandbox.directory().resolve("images"));

    // When
    runtime.checkpoint(state, new CheckpointRequest(images, true, RuntimeOptions.NONE));
    RuntimeSandbox.await(runtime, state, INIT);
    int reached = count("a");
    runtime.delete(state, INIT);
    RuntimeState created = runtime.create(counting("b", images));

    // Then
    assertEquals(new ProcessStatus.Created(0), runtime.status(created, INIT));
    assertThrows(
        FailedPreconditionException.class,
        () ->
            runtime.exec(
                created,
                new ExecProcess(new ProcessId("x"), Specs.process(List.of("true")), Stdio.NONE)));
    RuntimeState restored = runtime.start(created, INIT);
    Await.until("a higher count", () -> count("b") > reached);
    runtime.kill(restored, INIT, Signals.SIGKILL, false);
    assertEquals(137, RuntimeSandbox.await(runtime, restored, INIT).code());
    runtime.delete(restored, INIT);
  }

  private int count(String id) throws Exception {
    Path file = sandbox.location(id).bundle().resolve("rootfs/data/count");
    String text = Files.exists(file) ? Files.readString(file).trim() : "";
    return text.isEmpty() ? 0 : Integer.parseInt(text);
  }

  @Test
  void aCheckpointThatFailsSaysWhyAndTheTaskRunsOn() throws Exception {
    Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/sbin/criu")), "criu is not installed");
    Assumptions.assumeFalse(criuWorks(), "criu works on this kernel");

    // Given
    RuntimeState state = runtime.start(runtime.create(counting("a", null)), INIT);
    Path images = Files.createDirectory(sandbox.directory().resolve("images"));

    // When
    var failure =
        assertThrows(
            UnknownException.class,
            () ->
                runtime.checkpoint(
                    state, new CheckpointRequest(images, true, RuntimeOptions.NONE)));

    // Then
    assertTrue(failure.getMessage().startsWith("OCI runtime checkpoint failed: "));
    assertTrue(failure.getMessage().contains("Error ("), failure.getMessage());
    assertInstanceOf(ProcessStatus.Running.class, runtime.status(state, INIT));
    runtime.kill(state, INIT, Signals.SIGKILL, false);
    RuntimeSandbox.await(runtime, state, INIT);
    runtime.delete(state, INIT);
  }
}
