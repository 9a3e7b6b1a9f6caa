package dev.carafe.testkit.runtimes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.linux.Signals;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.runtimes.ExecProcess;
import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.testkit.runtimes.TaskRuntimeHarness.Behaviour;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A daemon that dies and one that comes back. */
abstract class RuntimeRecoveryChecks extends RuntimeChecks {
  RuntimeRecoveryChecks(TaskRuntimeHarness harness) {
    super(harness);
  }

  @Test
  @DisplayName("RT-RECO-00 where tasks do not outlive the daemon, the next one tells of their end")
  void declined() throws Exception {
    Assumptions.assumeTrue(declines(Behaviour.SURVIVES_DAEMON), "not declined");
    // Given
    RuntimeState running = sleeping("runs");
    RuntimeState created = runtime.create(request("waits", Stdio.NONE, programs.exit(1)));
    RuntimeState ended = running("ends", programs.exit(4));
    ExitStatus exit = await(ended, INIT);

    // When
    close(runtime);
    runtime = harness.open(sandbox.state());
    RuntimeState killed = runtime.recover(sandbox.location("runs"), running);
    RuntimeState never = runtime.recover(sandbox.location("waits"), created);
    RuntimeState before = runtime.recover(sandbox.location("ends"), ended);

    // Then
    assertEquals(137, await(killed, INIT).code());
    assertInstanceOf(ProcessStatus.Stopped.class, runtime.status(killed, INIT));
    assertEquals(137, await(never, INIT).code());
    assertThrows(FailedPreconditionException.class, () -> runtime.start(never, INIT));
    assertEquals(exit, await(before, INIT));
    assertThrows(NotFoundException.class, () -> runtime.kill(killed, INIT, Signals.SIGKILL, false));
    for (RuntimeState state : List.of(killed, never, before)) {
      runtime.delete(state, INIT);
    }
  }

  @Test
  @DisplayName("RT-RECO-01 a running task is taken up, with input, output and code")
  void takenUp() throws Exception {
    onlyWith(Behaviour.SURVIVES_DAEMON);
    // Given
    Path stdin = sandbox.fifo("stdin");
    Path stdout = sandbox.fifo("stdout");
    FifoReader out = sandbox.reader(stdout);
    var stdio = new Stdio(stdin.toString(), stdout.toString(), "", false);
    RuntimeState state =
        runtime.start(
            runtime.create(request("a", stdio, "sh", "-c", "cat; echo end; exit 6")), INIT);
    write(stdin, "before\n");

    // When
    RuntimeState recovered = restart(state, "a");
    write(stdin, "after\n");

    // Then
    assertInstanceOf(ProcessStatus.Running.class, runtime.status(recovered, INIT));
    runtime.closeStdin(recovered, INIT);
    assertEquals(6, await(recovered, INIT).code());
    assertEquals("before\nafter\nend\n", out.all());
    runtime.delete(recovered, INIT);
  }

  @Test
  @DisplayName("RT-RECO-02 a task that ended meanwhile gives its code")
  void ended() throws Exception {
    onlyWith(Behaviour.SURVIVES_DAEMON);
    // Given
    RuntimeState state =
        running("a", "sh", "-c", "while [ ! -e /data/go ]; do sleep 0.01; done; exit 4");
    long pid = runtime.status(state, INIT).pid();

    // When
    close(runtime);
    sandbox.touch("a", "data/go");
    Await.until("the end", () -> !RuntimeSandbox.runs(pid));
    runtime = harness.open(sandbox.state());
    RuntimeState recovered = runtime.recover(sandbox.location("a"), state);

    // Then
    ExitStatus exit = await(recovered, INIT);
    assertEquals(4, exit.code());
    assertEquals(new ProcessStatus.Stopped(pid, exit), runtime.status(recovered, INIT));
    runtime.delete(recovered, INIT);
  }

  @Test
  @DisplayName("RT-RECO-03 a created task is started by the next daemon")
  void created() throws Exception {
    onlyWith(Behaviour.SURVIVES_DAEMON);
    // Given
    RuntimeState state = runtime.create(request("a", Stdio.NONE, "sh", "-c", "exit 2"));

    // When
    RuntimeState recovered = restart(state, "a");

    // Then
    assertInstanceOf(ProcessStatus.Created.class, runtime.status(recovered, INIT));
    RuntimeState started = runtime.start(recovered, INIT);
    assertEquals(2, await(started, INIT).code());
    runtime.delete(started, INIT);
  }

  @Test
  @DisplayName("RT-RECO-04 a start of which only the kernel knows counts")
  void startedUnrecorded() throws Exception {
    onlyWith(Behaviour.SURVIVES_DAEMON);
    // Given
    RuntimeState created = runtime.create(request("a", Stdio.NONE, programs.sleep()));
    runtime.start(created, INIT);

    // When the daemon died before it could store what start returned
    RuntimeState recovered = restart(created, "a");

    // Then
    assertInstanceOf(ProcessStatus.Running.class, runtime.status(recovered, INIT));
    assertThrows(FailedPreconditionException.class, () -> runtime.start(recovered, INIT));
    killAndDelete(recovered);
  }

  @Test
  @DisplayName("RT-RECO-05 execs are taken up: one that runs, one that ended, one not started")
  void execs() throws Exception {
    onlyWith(Behaviour.SURVIVES_DAEMON);
    // Given
    RuntimeState state = sleeping("a");
    var runs = new ProcessId("runs");
    var ends = new ProcessId("ends");
    var waits = new ProcessId("waits");
    state = runtime.exec(state, new ExecProcess(runs, process("sleep", "1000"), Stdio.NONE));
    state = runtime.exec(state, new ExecProcess(ends, process("sh", "-c", "exit 5"), Stdio.NONE));
    state = runtime.exec(state, new ExecProcess(waits, process("sh", "-c", "exit 6"), Stdio.NONE));
    state = runtime.start(state, runs);
    state = runtime.start(state, ends);
    await(state, ends);

    // When
    state = restart(state, "a");

    // Then
    assertInstanceOf(ProcessStatus.Running.class, runtime.status(state, runs));
    assertEquals(5, await(state, ends).code());
    assertEquals(new ProcessStatus.Created(0), runtime.status(state, waits));
    state = runtime.start(state, waits);
    assertEquals(6, await(state, waits).code());
    killAndDelete(state);
  }

  @Test
  @DisplayName("RT-RECO-06 a paused task is still paused")
  void paused() throws Exception {
    onlyWith(Behaviour.SURVIVES_DAEMON);
    // Given
    RuntimeState state = runtime.pause(sleeping("a"));

    // When
    RuntimeState recovered = restart(state, "a");

    // Then
    assertInstanceOf(ProcessStatus.Paused.class, runtime.status(recovered, INIT));
    killAndDelete(runtime.resume(recovered));
  }

  @Test
  @DisplayName("RT-RECO-07 a creation that the daemon did not survive is discarded")
  void creationCutOff() throws Exception {
    // Given
    RuntimeState state = runtime.create(request("a", Stdio.NONE, programs.sleep()));
    long pid = runtime.status(state, INIT).pid();

    // When
    close(runtime);
    runtime = harness.open(sandbox.state());
    runtime.discard(sandbox.location("a"));

    // Then
    assertFalse(pid > 0 && RuntimeSandbox.runs(pid));
    runtime.delete(runtime.create(request("a", Stdio.NONE, programs.exit(0))), INIT);
  }

  @Test
  @DisplayName(
      "RT-RECO-08 an exec that the daemon did not survive starting is ended and startable, or runs")
  void execStartCutOff() throws Exception {
    onlyWith(Behaviour.SURVIVES_DAEMON);
    // Given
    Path stdout = sandbox.fifo("stdout");
    FifoReader out = sandbox.reader(stdout);
    RuntimeState state = sleeping("a");
    var exec = new ProcessId("x");
    RuntimeState added =
        runtime.exec(
            state,
            new ExecProcess(
                exec,
                process("sh", "-c", "echo here; sleep 1000"),
                new Stdio(sandbox.fifo("stdin").toString(), stdout.toString(), "", true)));
    long pid = runtime.status(runtime.start(added, exec), exec).pid();
    Await.until("output of the process", () -> out.text().startsWith("here"));

    // When the state that start returned was never stored
    RuntimeState recovered = restart(added, "a");

    // Then
    if (declines(Behaviour.UNRECORDED_EXEC_IS_ENDED)) {
      assertInstanceOf(ProcessStatus.Running.class, runtime.status(recovered, exec));
      assertThrows(FailedPreconditionException.class, () -> runtime.start(recovered, exec));
      killAndDelete(recovered);
      return;
    }
    Await.until("end of the lost process", () -> !RuntimeSandbox.runs(pid));
    assertTrue(out.all().startsWith("here"), out.text());
    assertEquals(new ProcessStatus.Created(0), runtime.status(recovered, exec));
    sandbox.reader(stdout);
    RuntimeState started = runtime.start(recovered, exec);
    runtime.kill(started, exec, Signals.SIGKILL, false);
    assertEquals(137, await(started, exec).code());
    killAndDelete(started);
  }
}
