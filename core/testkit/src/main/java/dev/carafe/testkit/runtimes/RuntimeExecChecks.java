package dev.carafe.testkit.runtimes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.linux.Signals;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.runtimes.ExecProcess;
import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.spi.runtimes.TaskProcess;
import dev.carafe.testkit.runtimes.RuntimeSandbox.Outcome;
import dev.carafe.testkit.runtimes.TaskRuntimeHarness.Behaviour;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Further processes of a task. */
abstract class RuntimeExecChecks extends RuntimeChecks {
  RuntimeExecChecks(TaskRuntimeHarness harness) {
    super(harness);
  }

  @Test
  @DisplayName("RT-EXEC-00 where it is declined it is refused, and the task goes on")
  void declined() throws Exception {
    Assumptions.assumeTrue(declines(Behaviour.EXEC), "not declined");
    // Given
    RuntimeState state = sleeping("a");
    var exec = new ExecProcess(new ProcessId("x"), process("x"), Stdio.NONE);

    // Then
    assertThrows(UnimplementedException.class, () -> runtime.exec(state, exec));
    assertThrows(NotFoundException.class, () -> runtime.status(state, exec.id()));
    assertInstanceOf(ProcessStatus.Running.class, runtime.status(state, INIT));
    killAndDelete(state);
  }

  @Test
  @DisplayName("RT-EXEC-01 a further process runs in the task and leaves its code")
  void runs() throws Exception {
    onlyWith(Behaviour.EXEC);
    // Given
    RuntimeState state = sleeping("a");

    // When
    Outcome outcome =
        RuntimeSandbox.exec(sandbox, runtime, state, "x", "sh", "-c", "ls /proc/1/exe && exit 9");

    // Then
    assertEquals("/proc/1/exe\n", outcome.output());
    assertEquals(9, outcome.code());
    killAndDelete(outcome.state());
  }

  @Test
  @DisplayName("RT-EXEC-02 ids are unique, and free after deletion")
  void ids() throws Exception {
    onlyWith(Behaviour.EXEC);
    // Given
    RuntimeState first = sleeping("a");
    var exec = new ExecProcess(new ProcessId("x"), process("true"), Stdio.NONE);
    RuntimeState added = runtime.exec(first, exec);

    // Then
    assertThrows(AlreadyExistsException.class, () -> runtime.exec(added, exec));
    assertThrows(
        InvalidArgumentException.class,
        () -> runtime.exec(added, new ExecProcess(INIT, process("true"), Stdio.NONE)));
    RuntimeState without = runtime.delete(added, exec.id()).state();
    RuntimeState again = runtime.exec(without, exec);
    killAndDelete(runtime.delete(again, exec.id()).state());
  }

  @Test
  @DisplayName("RT-EXEC-03 a process that was added and not started is created, and deleted with 0")
  void added() throws Exception {
    onlyWith(Behaviour.EXEC);
    // Given
    var exec = new ProcessId("x");
    RuntimeState state =
        runtime.exec(sleeping("a"), new ExecProcess(exec, process("true"), Stdio.NONE));

    // Then
    assertEquals(new ProcessStatus.Created(0), runtime.status(state, exec));
    assertThrows(
        FailedPreconditionException.class, () -> runtime.kill(state, exec, Signals.SIGTERM, false));
    assertEquals(0, runtime.delete(state, exec).exit().code());
    assertThrows(NotFoundException.class, () -> runtime.status(state, exec));
    killAndDelete(state);
  }

  @Test
  @DisplayName("RT-EXEC-04 a missing command is said so, and the task goes on")
  void missing() throws Exception {
    onlyWith(Behaviour.EXEC);
    // Given
    var exec = new ProcessId("x");
    RuntimeState state =
        runtime.exec(sleeping("a"), new ExecProcess(exec, process("nope"), Stdio.NONE));

    // When
    var failure = assertThrows(RuntimeException.class, () -> runtime.start(state, exec));

    // Then
    assertTrue(String.valueOf(failure.getMessage()).contains("nope"), failure.getMessage());
    assertInstanceOf(ProcessStatus.Running.class, runtime.status(state, INIT));
    killAndDelete(runtime.delete(state, exec).state());
  }

  @Test
  @DisplayName("RT-EXEC-05 a missing command is said so with a terminal, too")
  void missingWithTerminal() throws Exception {
    onlyWith(Behaviour.EXEC);
    // Given
    var exec = new ProcessId("x");
    RuntimeState state =
        runtime.exec(
            sleeping("a"), new ExecProcess(exec, process("nope"), new Stdio("", "", "", true)));

    // When
    var failure = assertThrows(RuntimeException.class, () -> runtime.start(state, exec));

    // Then
    assertTrue(String.valueOf(failure.getMessage()).contains("nope"), failure.getMessage());
    killAndDelete(runtime.delete(state, exec).state());
  }

  @Test
  @DisplayName("RT-EXEC-06 nothing is added to a task that has stopped, nor to one that is paused")
  void notInStopped() throws Exception {
    onlyWith(Behaviour.EXEC);
    // Given
    RuntimeState state = sleeping("a");
    var exec = new ExecProcess(new ProcessId("x"), process("true"), Stdio.NONE);

    // Then
    RuntimeState paused = runtime.pause(state);
    assertThrows(FailedPreconditionException.class, () -> runtime.exec(paused, exec));
    RuntimeState resumed = runtime.resume(paused);
    runtime.kill(resumed, INIT, Signals.SIGKILL, false);
    await(resumed, INIT);
    assertThrows(FailedPreconditionException.class, () -> runtime.exec(resumed, exec));
    runtime.delete(resumed, INIT);
  }

  @Test
  @DisplayName("RT-EXEC-07 many at once")
  void many() throws Exception {
    onlyWith(Behaviour.EXEC);
    // Given
    RuntimeState state = sleeping("a");

    // When
    for (int i = 0; i < 8; i++) {
      var exec = new ProcessId("x" + i);
      String script = "exit " + i;
      state = runtime.exec(state, new ExecProcess(exec, process("sh", "-c", script), Stdio.NONE));
      state = runtime.start(state, exec);
    }

    // Then
    for (int i = 0; i < 8; i++) {
      assertEquals(i, await(state, new ProcessId("x" + i)).code());
      state = runtime.delete(state, new ProcessId("x" + i)).state();
    }
    killAndDelete(state);
  }

  @Test
  @DisplayName("RT-EXEC-08 a process is deleted only when it has ended")
  void deleteRunning() throws Exception {
    onlyWith(Behaviour.EXEC);
    // Given
    var exec = new ProcessId("x");
    RuntimeState added =
        runtime.exec(sleeping("a"), new ExecProcess(exec, process("sleep", "1000"), Stdio.NONE));
    RuntimeState state = runtime.start(added, exec);

    // Then
    assertThrows(FailedPreconditionException.class, () -> runtime.delete(state, exec));
    assertTrue(
        runtime.processes(state).contains(new TaskProcess(runtime.status(state, exec).pid(), "x")));
    runtime.kill(state, exec, Signals.SIGTERM, false);
    assertEquals(143, await(state, exec).code());
    killAndDelete(runtime.delete(state, exec).state());
  }

  @Test
  @DisplayName("RT-EXEC-09 an unknown process is not found")
  void unknown() throws Exception {
    // Given
    RuntimeState state = sleeping("a");
    var unknown = new ProcessId("nobody");

    // Then
    assertThrows(NotFoundException.class, () -> runtime.status(state, unknown));
    assertThrows(NotFoundException.class, () -> runtime.start(state, unknown));
    assertThrows(NotFoundException.class, () -> runtime.await(state, unknown));
    assertThrows(NotFoundException.class, () -> runtime.delete(state, unknown));
    assertThrows(NotFoundException.class, () -> runtime.kill(state, unknown, 9, false));
    killAndDelete(state);
  }
}
