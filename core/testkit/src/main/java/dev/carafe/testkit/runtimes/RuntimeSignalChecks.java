package dev.carafe.testkit.runtimes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.linux.Signals;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.spi.runtimes.TaskProcess;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Signals. */
abstract class RuntimeSignalChecks extends RuntimeChecks {
  RuntimeSignalChecks(TaskRuntimeHarness harness) {
    super(harness);
  }

  @Test
  @DisplayName("RT-SIG-01 a signal ends with 128 and its number")
  void code() throws Exception {
    // Given
    RuntimeState state = sleeping("a");

    // When
    runtime.kill(state, INIT, Signals.SIGKILL, false);

    // Then
    assertEquals(137, await(state, INIT).code());
    runtime.delete(state, INIT);
  }

  @Test
  @DisplayName("RT-SIG-02 a handler runs")
  void handler() throws Exception {
    // Given
    Path stdout = sandbox.fifo("stdout");
    FifoReader out = sandbox.reader(stdout);
    RuntimeState state =
        runtime.start(
            runtime.create(
                request(
                    "a",
                    out(stdout),
                    "sh",
                    "-c",
                    "trap 'echo got; exit 3' USR1; echo ready; while true; do sleep 0.01; done")),
            INIT);
    Await.until("the handler", () -> out.text().equals("ready\n"));

    // When
    runtime.kill(state, INIT, Signals.SIGUSR1, false);

    // Then
    assertEquals(3, await(state, INIT).code());
    assertEquals("ready\ngot\n", out.all());
    runtime.delete(state, INIT);
  }

  @Test
  @DisplayName("RT-SIG-03 what has ended is not signalled")
  void finished() throws Exception {
    // Given
    RuntimeState state = running("a", "true");
    await(state, INIT);

    // When
    var failure =
        assertThrows(
            NotFoundException.class, () -> runtime.kill(state, INIT, Signals.SIGTERM, false));

    // Then
    assertEquals("process already finished", failure.getMessage());
    runtime.delete(state, INIT);
  }

  @Test
  @DisplayName("RT-SIG-04 all processes at once, in the machine's pid namespace")
  void all() throws Exception {
    // Given
    RuntimeState state =
        runtime.start(
            runtime.create(
                request(
                    "a",
                    Stdio.NONE,
                    Specs::hostPids,
                    "sh",
                    "-c",
                    "sleep 1000 & sleep 1000 & wait")),
            INIT);
    Await.until("three processes", () -> runtime.processes(state).size() == 3);
    List<TaskProcess> processes = runtime.processes(state);

    // When
    runtime.kill(state, INIT, Signals.SIGKILL, true);

    // Then
    assertEquals(137, await(state, INIT).code());
    for (TaskProcess process : processes) {
      Await.until("end of " + process, () -> !RuntimeSandbox.runs(process.pid()));
    }
    runtime.delete(state, INIT);
  }

  @Test
  @DisplayName("RT-SIG-05 deletion ends what the first process left in the machine's pid namespace")
  void leftOvers() throws Exception {
    // Given
    RuntimeState state =
        runtime.start(
            runtime.create(
                request("a", Stdio.NONE, Specs::hostPids, "sh", "-c", "sleep 1000 & exit 0")),
            INIT);
    assertEquals(0, await(state, INIT).code());
    List<TaskProcess> left = runtime.processes(state);

    // When
    runtime.delete(state, INIT);

    // Then
    for (TaskProcess process : left) {
      assertFalse(RuntimeSandbox.runs(process.pid()), process.toString());
    }
  }

  @Test
  @DisplayName("RT-SIG-06 a created task can be killed")
  void created() throws Exception {
    // Given
    RuntimeState state = runtime.create(request("a", Stdio.NONE, "true"));

    // When
    runtime.kill(state, INIT, Signals.SIGKILL, false);

    // Then
    assertEquals(137, await(state, INIT).code());
    assertThrows(FailedPreconditionException.class, () -> runtime.start(state, INIT));
    runtime.delete(state, INIT);
  }

  @Test
  @DisplayName("RT-SIG-07 a number that is no signal is refused")
  void bad() throws Exception {
    // Given
    RuntimeState state = sleeping("a");

    // Then
    assertThrows(InvalidArgumentException.class, () -> runtime.kill(state, INIT, 65, false));
    assertThrows(InvalidArgumentException.class, () -> runtime.kill(state, INIT, -9, false));
    killAndDelete(state);
  }
}
