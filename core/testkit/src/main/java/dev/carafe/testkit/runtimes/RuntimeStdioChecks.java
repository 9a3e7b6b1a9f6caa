package dev.carafe.testkit.runtimes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.runtimes.CreateTask;
import dev.carafe.spi.runtimes.CriLogTarget;
import dev.carafe.spi.runtimes.ExecProcess;
import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.testkit.runtimes.TaskRuntimeHarness.Behaviour;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Input and output without a terminal. */
abstract class RuntimeStdioChecks extends RuntimeChecks {
  RuntimeStdioChecks(TaskRuntimeHarness harness) {
    super(harness);
  }

  @Test
  @DisplayName("RT-IO-01 output arrives apart and ends with the process")
  void outputs() throws Exception {
    // Given
    Path stdout = sandbox.fifo("stdout");
    Path stderr = sandbox.fifo("stderr");
    FifoReader out = sandbox.reader(stdout);
    FifoReader err = sandbox.reader(stderr);
    var stdio = new Stdio("", stdout.toString(), stderr.toString(), false);

    // When
    RuntimeState state =
        runtime.start(
            runtime.create(request("a", stdio, programs.print("out\nagain\n", "err\n"))), INIT);

    // Then
    assertEquals("out\nagain\n", out.all());
    assertEquals("err\n", err.all());
    assertEquals(0, await(state, INIT).code());
    runtime.delete(state, INIT);
  }

  @Test
  @DisplayName("RT-IO-02 a million bytes arrive whole")
  void large() throws Exception {
    // Given
    Path stdout = sandbox.fifo("stdout");
    FifoReader out = sandbox.reader(stdout);

    // When
    RuntimeState state =
        runtime.start(runtime.create(request("a", out(stdout), programs.bytes(1000))), INIT);
    await(state, INIT);

    // Then
    out.all();
    assertEquals(1_000_000, out.size());
    runtime.delete(state, INIT);
  }

  @Test
  @DisplayName("RT-IO-03 a client that goes away and comes back causes no SIGPIPE")
  void clientRestart() throws Exception {
    onlyWith(Behaviour.PROCESSES);
    // Given
    Path stdout = sandbox.fifo("stdout");
    FifoReader first = new FifoReader(stdout);
    RuntimeState state =
        runtime.start(
            runtime.create(
                request(
                    "a",
                    out(stdout),
                    "sh",
                    "-c",
                    "w() { while [ ! -e /data/$1 ]; do sleep 0.01; done; };"
                        + " echo one; w go; echo two; touch /data/written; w end; exit 5")),
            INIT);
    Await.until("the first line", () -> first.text().equals("one\n"));

    // When it writes while nobody reads
    first.close();
    sandbox.touch("a", "data/go");
    Await.until("the second line", () -> sandbox.exists("a", "data/written"));

    // Then
    FifoReader second = sandbox.reader(stdout);
    assertEquals("two\n", second.firstBytes());
    sandbox.touch("a", "data/end");
    assertEquals(5, await(state, INIT).code());
    assertEquals("two\n", second.all());
    runtime.delete(state, INIT);
  }

  @Test
  @DisplayName("RT-IO-04 input flows, and ends when both the client and closeStdin say so")
  void input() throws Exception {
    // Given
    Path stdin = sandbox.fifo("stdin");
    Path stdout = sandbox.fifo("stdout");
    FifoReader out = sandbox.reader(stdout);
    var stdio = new Stdio(stdin.toString(), stdout.toString(), "", false);
    RuntimeState state =
        runtime.start(runtime.create(request("a", stdio, programs.echo("end\n", 0))), INIT);

    // When a first client writes and leaves
    write(stdin, "hello\n");

    // Then
    Await.until(out::text, () -> out.text().equals("hello\n"));
    assertInstanceOf(ProcessStatus.Running.class, runtime.status(state, INIT));

    // When a second one writes and the end is announced
    write(stdin, "world\n");
    runtime.closeStdin(state, INIT);
    runtime.closeStdin(state, INIT);

    // Then
    assertEquals("hello\nworld\nend\n", out.all());
    assertEquals(0, await(state, INIT).code());
    runtime.delete(state, INIT);
  }

  @Test
  @DisplayName("RT-IO-05 a file is appended to and made with the directories above it")
  void file() throws Exception {
    // Given
    Path log = sandbox.directory().resolve("logs/deep/a.log");
    String uri = "file://" + log;
    var stdio = new Stdio("", uri, uri, false);

    // When
    for (String id : List.of("a", "b")) {
      RuntimeState state =
          runtime.start(runtime.create(request(id, stdio, programs.print("one\n", "two\n"))), INIT);
      await(state, INIT);
      runtime.delete(state, INIT);
    }

    // Then
    Await.until("all lines", () -> Files.readAllLines(log).size() == 4);
    List<String> lines = Files.readAllLines(log);
    if (declines(Behaviour.SHARED_OUTPUT_IN_ORDER)) {
      Collections.sort(lines.subList(0, 2));
      Collections.sort(lines.subList(2, 4));
    }
    assertEquals(List.of("one", "two", "one", "two"), lines);
  }

  @Test
  @DisplayName("RT-IO-06 a logging binary gets output, name and arguments")
  void binary() throws Exception {
    if (declines(Behaviour.LOGGING_BINARY)) {
      CreateTask request =
          request("a", new Stdio("", "binary:///bin/true", "", false), programs.exit(0));
      assertThrows(UnimplementedException.class, () -> runtime.create(request));
      runtime.discard(request.location());
      return;
    }
    // Given
    Path log = sandbox.directory().resolve("logged");
    Path program = sandbox.directory().resolve("logger");
    Files.writeString(
        program,
        """
        #!/bin/sh
        trap '' TERM
        exec 5>&-
        echo "$CONTAINER_NAMESPACE $CONTAINER_ID $*" > "$2"
        cat <&3 >> "$2"
        cat <&4 >> "$2"
        """);
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
    String uri = "binary://" + program + "?to=" + log;
    var stdio = new Stdio("", uri, uri, false);

    // When
    RuntimeState state =
        runtime.start(runtime.create(request("a", stdio, programs.print("out\n", "err\n"))), INIT);
    await(state, INIT);
    runtime.delete(state, INIT);

    // Then
    assertEquals("test a to " + log + "\nout\nerr\n", Files.readString(log));
  }

  @Test
  @DisplayName("RT-IO-07 names that cannot be opened are refused")
  void badNames() throws Exception {
    for (String name : List.of("relative", "nonsense://x", "binary://", "file://host")) {
      CreateTask request = request("a", new Stdio("", name, "", false), programs.exit(0));
      assertThrows(InvalidArgumentException.class, () -> runtime.create(request), name);
      runtime.discard(request.location());
    }
    CreateTask missing =
        request("a", new Stdio("", "/does/not/exist", "", false), programs.exit(0));
    assertThrows(NotFoundException.class, () -> runtime.create(missing));
    runtime.discard(missing.location());
  }

  @Test
  @DisplayName("RT-IO-08 a process that runs on in the background does not hold up deletion")
  void backgroundHolder() throws Exception {
    onlyWith(Behaviour.EXEC);
    // Given
    RuntimeState state = sleeping("a");
    Path stdout = sandbox.fifo("stdout");
    sandbox.reader(stdout);
    var exec = new ProcessId("bg");
    state =
        runtime.exec(
            state, new ExecProcess(exec, process("sh", "-c", "sleep 1000 & exit 4"), out(stdout)));

    // When
    RuntimeState started = runtime.start(state, exec);

    // Then
    assertEquals(4, await(started, exec).code());
    killAndDelete(runtime.delete(started, exec).state());
  }

  @Test
  @DisplayName("RT-IO-09 without stdio a process has none")
  void nothing() throws Exception {
    // When
    RuntimeState state = running("a", programs.echo("x", 0));

    // Then
    assertEquals(0, await(state, INIT).code());
    runtime.delete(state, INIT);
  }

  @Test
  @DisplayName("RT-IO-10 a log in CRI's format has both outputs, and is opened anew")
  void criLog() throws Exception {
    // Given
    Path log = sandbox.directory().resolve("a.log");
    Stdio stdio = new CriLogTarget(log, CriLogTarget.Input.NONE, "").stdio(false);
    CreateTask request = request("a", stdio, programs.print("out\n", "err\n"));
    if (declines(Behaviour.WRITES_CRI_LOG)) {
      assertThrows(RuntimeException.class, () -> runtime.create(request));
      runtime.discard(request.location());
      return;
    }

    // When it is renamed before anything was written
    RuntimeState created = runtime.create(request);
    Files.move(log, log.resolveSibling("old.log"));
    runtime.reopenLog(created);
    RuntimeState state = runtime.start(created, INIT);
    await(state, INIT);
    runtime.delete(state, INIT);

    // Then
    List<String> lines = Files.readAllLines(log);
    String time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}(Z|[+-]\\d\\d:\\d\\d) ";
    assertEquals(2, lines.size(), lines.toString());
    for (String record : List.of("stdout F out", "stderr F err")) {
      assertTrue(lines.stream().anyMatch(line -> line.matches(time + record)), lines.toString());
    }
    assertEquals("", Files.readString(log.resolveSibling("old.log")));
  }

  @Test
  @DisplayName("RT-IO-11 what writes no log says so when one is to be opened anew")
  void noLog() throws Exception {
    // Given
    RuntimeState state = sleeping("a");

    // Then
    assertThrows(UnimplementedException.class, () -> runtime.reopenLog(state));
    killAndDelete(state);
  }
}
