package dev.carafe.plugin.runtime.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.linux.Signals;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.UnknownException;
import dev.carafe.spi.runtimes.CreateTask;
import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.testkit.runtimes.Await;
import dev.carafe.testkit.runtimes.RuntimeSandbox;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Programs that never answer, or that are not there. */
@Timeout(120)
class StuckRuntimeTest {
  private static final ProcessId INIT = ProcessId.INIT;

  private RuntimeSandbox sandbox;

  @BeforeEach
  void begin() throws Exception {
    new OciRuntime(OciRuntimeConfig.DEFAULT, Path.of("/nowhere"), Configs.RESOURCES).close();
    sandbox = Configs.sandbox();
  }

  @AfterEach
  void end() throws Exception {
    sandbox.close();
  }

  /** A runtime that sleeps, with children, when it is asked for {@code verb}, and else is runc. */
  private Path stuckAt(String verb) throws IOException {
    Path script = sandbox.directory().resolve("stuck-runc");
    Files.writeString(
        script,
        """
        #!/bin/sh
        trap '' TERM INT
        for argument in "$@"; do
          if [ "$argument" = %s ]; then
            echo stuck on "$argument" >&2
            sh -c 'sleep 1000; true' &
            sleep 1000
          fi
        done
        exec runc "$@"
        """
            .formatted(verb));
    PrivateFiles.permissions(script, "rwx------");
    return script;
  }

  private OciRuntime open(String binary, String conmon, Duration limit) {
    var d = OciRuntimeConfig.DEFAULT;
    return new OciRuntime(
        new OciRuntimeConfig(
            binary, conmon, d.root(), false, "", false, false, limit, limit, d.drainTimeout()),
        sandbox.state(),
        Configs.RESOURCES);
  }

  private CreateTask request() throws IOException {
    return sandbox.request("a", Stdio.NONE, RuntimeOptions.NONE, spec -> {}, "sleep", "1000");
  }

  @Test
  void aCreationThatHangsIsKilledWithItsChildren() throws Exception {
    // Given
    CreateTask request = request();
    try (OciRuntime runtime =
        open(stuckAt("create").toString(), "conmon", Duration.ofMillis(500))) {
      // When
      var failure = assertThrows(DeadlineExceededException.class, () -> runtime.create(request));

      // Then
      assertTrue(failure.getMessage().startsWith("OCI runtime create of test/a: no answer"));
      assertEquals(List.of(), sandbox.processes());
      runtime.discard(request.location());
    }
  }

  @Test
  void aCreationThatIsCancelledIsKilledWithItsChildren() throws Exception {
    // Given
    CreateTask request = request();
    try (OciRuntime runtime =
        open(stuckAt("create").toString(), "conmon", Duration.ofSeconds(60))) {
      var outcome = new CompletableFuture<RuntimeState>();
      Thread caller =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  outcome.complete(runtime.create(request));
                } catch (RuntimeException e) {
                  outcome.completeExceptionally(e);
                }
              });
      Await.until("the runtime", () -> sandbox.processes().size() >= 4);

      // When
      caller.interrupt();

      // Then
      var failure = assertThrows(ExecutionException.class, () -> outcome.get(20, TimeUnit.SECONDS));
      assertTrue(failure.getCause() instanceof CancelledException);
      assertEquals(List.of(), sandbox.processes());
      runtime.discard(request.location());
    }
  }

  @Test
  void aStartThatHangsIsKilledAndCanBeRepeated() throws Exception {
    // Given
    RuntimeState state;
    try (OciRuntime runtime = open(stuckAt("start").toString(), "conmon", Duration.ofSeconds(5))) {
      state = runtime.create(request());

      // When
      assertThrows(DeadlineExceededException.class, () -> runtime.start(state, INIT));

      // Then
      assertTrue(runtime.status(state, INIT) instanceof ProcessStatus.Created);
      Files.delete(stuckAt("never"));
      Files.createSymbolicLink(
          sandbox.directory().resolve("stuck-runc"), Binaries.find("runc", "runtime"));
      RuntimeState started = runtime.start(state, INIT);
      runtime.kill(started, INIT, Signals.SIGKILL, false);
      RuntimeSandbox.await(runtime, started, INIT);
      runtime.delete(started, INIT);
    }
  }

  @Test
  void anUpdateThatHangsIsKilled() throws Exception {
    try (OciRuntime runtime = open(stuckAt("update").toString(), "conmon", Duration.ofSeconds(5))) {
      // Given
      RuntimeState state = runtime.start(runtime.create(request()), INIT);

      // When
      assertThrows(
          DeadlineExceededException.class,
          () -> runtime.update(state, "{}".getBytes(StandardCharsets.UTF_8), Map.of()));

      // Then
      runtime.kill(state, INIT, Signals.SIGKILL, false);
      RuntimeSandbox.await(runtime, state, INIT);
      runtime.delete(state, INIT);
    }
  }

  @Test
  void aMissingConmonIsNamed() throws Exception {
    // Given
    CreateTask request = request();
    try (OciRuntime runtime = open("runc", "no-such-conmon", Duration.ofSeconds(5))) {
      // When
      var failure = assertThrows(FailedPreconditionException.class, () -> runtime.create(request));
      runtime.discard(request.location());

      // Then
      assertEquals(
          "conmon: exec: \"no-such-conmon\": executable file not found in $PATH",
          failure.getMessage());
    }
  }

  @Test
  void aProgramThatIsNoConmonIsAFailureAndNoHang() throws Exception {
    // Given
    CreateTask request = request();
    try (OciRuntime runtime = open("runc", "/bin/true", Duration.ofSeconds(5))) {
      // When
      var failure = assertThrows(UnknownException.class, () -> runtime.create(request));
      runtime.discard(request.location());

      // Then
      assertTrue(failure.getMessage().endsWith("ended without saying why"));
    }
  }
}
