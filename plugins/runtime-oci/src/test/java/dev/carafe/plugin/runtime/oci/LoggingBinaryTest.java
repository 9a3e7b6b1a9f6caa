package dev.carafe.plugin.runtime.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.runtimes.CreateTask;
import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.testkit.runtimes.RuntimeSandbox;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Programs that take a container's output. */
@Timeout(60)
class LoggingBinaryTest {
  private static final ProcessId INIT = ProcessId.INIT;

  private RuntimeSandbox sandbox;
  private OciRuntime runtime;

  @BeforeEach
  void open() throws Exception {
    new OciRuntime(OciRuntimeConfig.DEFAULT, Path.of("/nowhere"), Configs.RESOURCES).close();
    sandbox = Configs.sandbox();
    runtime = open(sandbox.state());
  }

  private static OciRuntime open(Path state) {
    return new OciRuntime(Configs.with("runc", Duration.ofSeconds(5)), state, Configs.RESOURCES);
  }

  @AfterEach
  void close() throws Exception {
    runtime.close();
    sandbox.close();
  }

  /** A logger that does {@code ready} to say that it is ready, and writes to {@code logged}. */
  private String logger(String scheme, String ready) throws Exception {
    Path program = sandbox.directory().resolve("logger");
    Files.writeString(
        program,
        """
        #!/bin/sh
        %s
        cat <&3 >> "$1"
        cat <&4 >> "$1"
        """
            .formatted(ready));
    PrivateFiles.permissions(program, "rwx------");
    return scheme + "://" + program + "?" + logged();
  }

  private Path logged() {
    return sandbox.directory().resolve("logged");
  }

  private CreateTask request(String uri, String script) throws Exception {
    return sandbox.request(
        "a", new Stdio("", uri, uri, false), RuntimeOptions.NONE, spec -> {}, "sh", "-c", script);
  }

  @Test
  void theStrictFormTakesAByte() throws Exception {
    // When
    RuntimeState state =
        runtime.start(
            runtime.create(
                request(logger("binary-v2", "printf x >&5; exec 5>&-"), "echo one; echo two >&2")),
            INIT);
    RuntimeSandbox.await(runtime, state, INIT);
    runtime.delete(state, INIT);

    // Then
    assertEquals("one\ntwo\n", Files.readString(logged()));
  }

  @Test
  void theStrictFormTellsOneThatEnded() throws Exception {
    CreateTask request = request(logger("binary-v2", "exit 0"), "true");
    var failure = assertThrows(UnavailableException.class, () -> runtime.create(request));
    assertTrue(failure.getMessage().contains("without saying that it is ready"));
    runtime.discard(request.location());
  }

  @Test
  void oneThatIsMissingIsSaidSo() throws Exception {
    CreateTask request = request("binary:///no/such/logger", "true");
    assertThrows(NotFoundException.class, () -> runtime.create(request));
    runtime.discard(request.location());
  }

  @Test
  void itGoesOnWithoutADaemon() throws Exception {
    // Given
    RuntimeState state =
        runtime.start(
            runtime.create(
                request(
                    logger("binary", "exec 5>&-"),
                    "echo one; while [ ! -e /data/go ]; do sleep 0.01; done; echo two; exit 3")),
            INIT);

    // When
    runtime.close();
    sandbox.touch("a", "data/go");
    runtime = open(sandbox.state());
    RuntimeState recovered = runtime.recover(sandbox.location("a"), state);

    // Then
    assertEquals(3, RuntimeSandbox.await(runtime, recovered, INIT).code());
    runtime.delete(recovered, INIT);
    assertEquals("one\ntwo\n", Files.readString(logged()));
  }
}
