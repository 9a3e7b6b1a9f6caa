package dev.carafe.testkit.runtimes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.runtimes.CreateTask;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.testkit.runtimes.TaskRuntimeHarness.Behaviour;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Creation, start, exit and deletion. */
abstract class RuntimeLifecycleChecks extends RuntimeChecks {
  RuntimeLifecycleChecks(TaskRuntimeHarness harness) {
    super(harness);
  }

  @Test
  @DisplayName("RT-LIFE-01 a created task has a process that has not run yet")
  void created() throws Exception {
    // When
    RuntimeState state = runtime.create(request("a", Stdio.NONE, programs.touch("/data/ran")));

    // Then
    ProcessStatus status = runtime.status(state, INIT);
    assertInstanceOf(ProcessStatus.Created.class, status);
    assertEquals(!declines(Behaviour.PROCESSES), status.pid() > 0);
    assertFalse(Files.exists(sandbox.directory().resolve("layers/a/upper/data/ran")));
    runtime.delete(state, INIT);
  }

  @Test
  @DisplayName("RT-LIFE-02 start, exit code, status and deletion")
  void wholeLife() throws Exception {
    // Given
    RuntimeState state = runtime.create(request("a", Stdio.NONE, programs.exit(7)));
    long pid = runtime.status(state, INIT).pid();

    // When
    RuntimeState started = runtime.start(state, INIT);
    ExitStatus exit = await(started, INIT);

    // Then
    assertEquals(7, exit.code());
    assertFalse(exit.oomKilled());
    assertEquals(new ProcessStatus.Stopped(pid, exit), runtime.status(started, INIT));
    var deleted = runtime.delete(started, INIT);
    assertEquals(pid, deleted.pid());
    assertEquals(exit, deleted.exit());
    assertFalse(Files.exists(sandbox.location("a").bundle().resolve("rootfs")));
  }

  @Test
  @DisplayName("RT-LIFE-03 a name is taken until its task is deleted, then free again")
  void nameReuse() throws Exception {
    // Given
    RuntimeState state = sleeping("a");

    // Then
    assertThrows(
        AlreadyExistsException.class,
        () -> runtime.create(request("a", Stdio.NONE, programs.exit(0))));
    killAndDelete(state);
    runtime.delete(runtime.create(request("a", Stdio.NONE, programs.exit(0))), INIT);
  }

  @Test
  @DisplayName("RT-LIFE-04 nothing is started twice")
  void startTwice() throws Exception {
    // Given
    RuntimeState state = sleeping("a");

    // Then
    assertThrows(FailedPreconditionException.class, () -> runtime.start(state, INIT));
    killAndDelete(state);
  }

  @Test
  @DisplayName("RT-LIFE-05 a running task is not deleted")
  void deleteRunning() throws Exception {
    // Given
    RuntimeState state = sleeping("a");

    // When
    var failure =
        assertThrows(FailedPreconditionException.class, () -> runtime.delete(state, INIT));

    // Then
    assertTrue(String.valueOf(failure.getMessage()).endsWith("cannot delete a running process"));
    killAndDelete(state);
  }

  @Test
  @DisplayName("RT-LIFE-06 a task that was never started is deleted with code 0")
  void deleteCreated() throws Exception {
    // Given
    RuntimeState state = runtime.create(request("a", Stdio.NONE, programs.sleep()));
    long pid = runtime.status(state, INIT).pid();

    // When
    var deleted = runtime.delete(state, INIT);

    // Then
    assertEquals(0, deleted.exit().code());
    assertEquals(pid, deleted.pid());
    assertFalse(RuntimeSandbox.runs(pid));
  }

  @Test
  @DisplayName("RT-LIFE-07 several wait, one of them since before the start")
  void manyWaiters() throws Exception {
    // Given
    RuntimeState created = runtime.create(request("a", Stdio.NONE, programs.exit(3)));
    var early = new CompletableFuture<ExitStatus>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            early.complete(runtime.await(created, INIT));
          } catch (InterruptedException e) {
            early.completeExceptionally(e);
          }
        });

    // When
    RuntimeState state = runtime.start(created, INIT);

    // Then
    ExitStatus exit = await(state, INIT);
    assertEquals(3, exit.code());
    assertEquals(exit, early.get(20, TimeUnit.SECONDS));
    assertEquals(exit, await(state, INIT));
    runtime.delete(state, INIT);
  }

  @Test
  @DisplayName("RT-LIFE-08 what a failed creation leaves is discarded, as often as asked")
  void discard() throws Exception {
    // Given
    CreateTask request = request("a", Stdio.NONE, programs.missing());

    // When
    var failure = assertThrows(RuntimeException.class, () -> runtime.create(request));
    runtime.discard(request.location());
    runtime.discard(request.location());

    // Then
    assertTrue(
        String.valueOf(failure.getMessage()).contains("executable file"), failure.getMessage());
    assertTrue(String.valueOf(failure.getMessage()).contains("nope"), failure.getMessage());
    runtime.delete(runtime.create(request("a", Stdio.NONE, programs.exit(0))), INIT);
  }

  @Test
  @DisplayName("RT-LIFE-09 a file that is no program is told from one that is missing")
  void notExecutable() throws Exception {
    // Given
    CreateTask request = request("a", Stdio.NONE, programs.noProgram());

    // When
    var failure = assertThrows(RuntimeException.class, () -> runtime.create(request));
    runtime.discard(request.location());

    // Then
    String message = String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT);
    assertTrue(
        message.contains("permission denied") || message.contains("exec format error"), message);
  }

  @Test
  @DisplayName("RT-LIFE-10 a specification that is none is refused")
  void badSpecification() throws Exception {
    // Given
    CreateTask good = request("a", Stdio.NONE, programs.exit(0));
    var bad =
        new CreateTask(
            good.location(),
            "{\"process\":".getBytes(StandardCharsets.UTF_8),
            good.rootfs(),
            good.stdio(),
            good.options(),
            null);

    // Then
    assertThrows(InvalidArgumentException.class, () -> runtime.create(bad));
    runtime.discard(bad.location());
  }

  @Test
  @DisplayName("RT-LIFE-11 a root file system that cannot be mounted leaves nothing")
  void badMount() throws Exception {
    // Given
    CreateTask good = request("a", Stdio.NONE, programs.exit(0));
    var bad =
        new CreateTask(
            good.location(),
            good.spec(),
            List.of(
                good.rootfs().getFirst(), new Mount("bind", "/does/not/exist", List.of("rbind"))),
            good.stdio(),
            good.options(),
            null);

    // Then
    assertThrows(FailedPreconditionException.class, () -> runtime.create(bad));
    runtime.discard(bad.location());
  }
}
