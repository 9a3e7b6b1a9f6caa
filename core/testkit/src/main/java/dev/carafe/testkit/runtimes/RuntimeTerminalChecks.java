package dev.carafe.testkit.runtimes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.linux.Fd;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.runtimes.CreateTask;
import dev.carafe.spi.runtimes.ExecProcess;
import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.testkit.runtimes.TaskRuntimeHarness.Behaviour;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Terminals. */
abstract class RuntimeTerminalChecks extends RuntimeChecks {
  RuntimeTerminalChecks(TaskRuntimeHarness harness) {
    super(harness);
  }

  @Test
  @DisplayName("RT-TTY-00 where terminals are declined they are refused")
  void declined() throws Exception {
    Assumptions.assumeTrue(declines(Behaviour.TERMINAL), "not declined");
    // Given
    CreateTask request = request("a", new Stdio("", "", "", true), programs.sleep());
    RuntimeState state = sleeping("b");

    // Then
    assertThrows(UnimplementedException.class, () -> runtime.create(request));
    runtime.discard(request.location());
    assertThrows(UnimplementedException.class, () -> runtime.resize(state, INIT, 80, 24));
    killAndDelete(state);
  }

  @Test
  @DisplayName("RT-TTY-01 a terminal carries both ways, has a size and ends with the process")
  void terminal() throws Exception {
    onlyWith(Behaviour.TERMINAL);
    // Given
    Path stdin = sandbox.fifo("stdin");
    Path stdout = sandbox.fifo("stdout");
    FifoReader out = sandbox.reader(stdout);
    var stdio = new Stdio(stdin.toString(), stdout.toString(), "", true);
    RuntimeState created = runtime.create(request("a", stdio, "sh"));
    runtime.resize(created, INIT, 77, 33);

    // When
    RuntimeState state = runtime.start(created, INIT);
    write(stdin, "stty size; tty < /dev/tty\n");
    Await.until(out::text, () -> out.text().contains("33 77"));
    runtime.resize(state, INIT, 100, 40);
    write(stdin, "stty size; exit 6\n");

    // Then
    assertTrue(out.all().contains("40 100"), out.text());
    assertEquals(6, await(state, INIT).code());
    runtime.delete(state, INIT);
  }

  @Test
  @DisplayName("RT-TTY-02 an exec has a terminal of its own, sized before it starts")
  void execTerminal() throws Exception {
    onlyWith(Behaviour.TERMINAL);
    // Given
    RuntimeState state = sleeping("a");
    Path stdout = sandbox.fifo("stdout");
    FifoReader out = sandbox.reader(stdout);
    var exec = new ProcessId("tty");
    String script =
        declines(Behaviour.SIZE_BEFORE_START)
            ? "until [ \"$(stty size < /dev/tty)\" = '45 123' ]; do sleep 0.01; done;"
                + " stty size < /dev/tty; exit 2"
            : "stty size < /dev/tty; exit 2";
    state =
        runtime.exec(
            state,
            new ExecProcess(
                exec, process("sh", "-c", script), new Stdio("", stdout.toString(), "", true)));
    runtime.resize(state, exec, 123, 45);

    // When
    state = runtime.start(state, exec);

    // Then
    assertTrue(out.all().contains("45 123"), out.text());
    assertEquals(2, await(state, exec).code());
    killAndDelete(runtime.delete(state, exec).state());
  }

  @Test
  @DisplayName("RT-TTY-03 only what has a terminal can be resized")
  void noTerminal() throws Exception {
    onlyWith(Behaviour.TERMINAL);
    // Given
    RuntimeState state = sleeping("a");

    // Then
    assertThrows(FailedPreconditionException.class, () -> runtime.resize(state, INIT, 80, 24));
    assertThrows(InvalidArgumentException.class, () -> runtime.resize(state, INIT, -1, 24));
    killAndDelete(state);
  }

  @Test
  @DisplayName("RT-TTY-04 a terminal lives on with what it prints while no daemon runs")
  void terminalSurvives() throws Exception {
    onlyWith(Behaviour.TERMINAL);
    // Given
    Path stdin = sandbox.fifo("stdin");
    Path stdout = sandbox.fifo("stdout");
    FifoReader out = sandbox.reader(stdout);
    var stdio = new Stdio(stdin.toString(), stdout.toString(), "", true);
    RuntimeState state = runtime.start(runtime.create(request("a", stdio, "sh")), INIT);

    // When
    close(runtime);
    write(stdin, "echo between $((20+3)) daemons\n");
    Await.until(out::text, () -> out.text().contains("between 23 daemons"));
    runtime = harness.open(sandbox.state());
    RuntimeState recovered = runtime.recover(sandbox.location("a"), state);
    runtime.resize(recovered, INIT, 91, 19);
    write(stdin, "stty size; exit 8\n");

    // Then
    assertTrue(out.all().contains("19 91"), out.text());
    assertEquals(8, await(recovered, INIT).code());
    runtime.delete(recovered, INIT);
  }

  @Test
  @DisplayName("RT-TTY-05 output that nobody reads does not hold up deletion for ever")
  void unreadTerminal() throws Exception {
    onlyWith(Behaviour.TERMINAL);
    // Given a FIFO that fills up
    Path stdout = sandbox.fifo("stdout");
    var stdio = new Stdio("", stdout.toString(), "", true);
    boolean needsReader = declines(Behaviour.STARTS_WITHOUT_READER);
    int mode = (needsReader ? OpenFlags.RDWR : OpenFlags.PATH) | OpenFlags.NONBLOCK;
    Fd idle = PathCalls.open(stdout, mode, 0);

    // When
    RuntimeState state =
        runtime.start(
            runtime.create(request("a", stdio, "sh", "-c", "seq 20000 & sleep 0.2; exit 1")), INIT);

    // Then
    assertEquals(1, await(state, INIT).code());
    runtime.delete(state, INIT);
    idle.close();
  }
}
