package dev.carafe.testkit.runtimes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.linux.Signals;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.runtimes.CreateTask;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.spi.runtimes.TaskProcess;
import dev.carafe.testkit.runtimes.TaskRuntimeHarness.Behaviour;
import java.nio.file.Path;
import java.util.ArrayList;
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
    if (declines(Behaviour.HANDLES_SIGNALS)) {
      RuntimeState state = sleeping("a");
      runtime.kill(state, INIT, Signals.SIGUSR1, false);
      assertEquals(128 + Signals.SIGUSR1, await(state, INIT).code());
      runtime.delete(state, INIT);
      return;
    }
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
    RuntimeState state = running("a", programs.exit(0));
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
    onlyWith(Behaviour.PROCESSES);
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
    onlyWith(Behaviour.PROCESSES);
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
    RuntimeState state = runtime.create(request("a", Stdio.NONE, programs.exit(0)));

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

  @Test
  @DisplayName("RT-SIG-08 a signal that asks for nothing changes nothing")
  void zero() throws Exception {
    // Given
    RuntimeState state = sleeping("a");

    // When
    runtime.kill(state, INIT, 0, false);

    // Then
    assertInstanceOf(ProcessStatus.Running.class, runtime.status(state, INIT));
    killAndDelete(state);
  }

  @Test
  @DisplayName("RT-SIG-09 what uses the processor all the time ends, and holds up nothing else")
  void spinning() throws Exception {
    // Given as many as would take all threads that the daemon shares
    Path stdout = sandbox.fifo("stdout");
    FifoReader out = sandbox.reader(stdout);
    List<RuntimeState> spinning = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      CreateTask request = request("s" + i, out(stdout), programs.spin());
      spinning.add(runtime.start(runtime.create(request), INIT));
    }
    Await.until(out::text, () -> out.text().equals("begun\n".repeat(4)));

    // Then
    RuntimeState other = running("a", programs.exit(5));
    assertEquals(5, await(other, INIT).code());
    runtime.delete(other, INIT);
    for (RuntimeState state : spinning) {
      killAndDelete(state);
    }
  }

  @Test
  @DisplayName("RT-SIG-10 the processes that are listed are the kernel's, or none")
  void listed() throws Exception {
    // Given
    RuntimeState state = sleeping("a");

    // Then
    List<Long> pids = runtime.processes(state).stream().map(TaskProcess::pid).toList();
    long pid = runtime.status(state, INIT).pid();
    assertEquals(declines(Behaviour.PROCESSES) ? List.of() : List.of(pid), pids);
    killAndDelete(state);
  }
}
