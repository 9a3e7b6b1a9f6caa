package dev.carafe.testkit.runtimes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.runtimes.CreateTask;
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
import java.util.Comparator;
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
            runtime.create(
                request(
                    "a", stdio, "sh", "-c", "echo out; echo err >&2; echo again > /dev/stdout")),
            INIT);

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
        runtime.start(
            runtime.create(
                request("a", out(stdout), "dd", "if=/proc/self/exe", "bs=1000", "count=1000")),
            INIT);
    await(state, INIT);

    // Then
    out.all();
    assertEquals(1_000_000, out.size());
    runtime.delete(state, INIT);
  }

  @Test
  @DisplayName("RT-IO-03 a client that goes away and comes back causes no SIGPIPE")
  void clientRestart() throws Exception {
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
        runtime.start(runtime.create(request("a", stdio, "sh", "-c", "cat; echo end")), INIT);

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
    String script = "echo one; echo two >&2; echo three > /dev/stdout";

    // When
    for (String id : List.of("a", "b")) {
      RuntimeState state =
          runtime.start(runtime.create(request(id, stdio, "sh", "-c", script)), INIT);
      await(state, INIT);
      runtime.delete(state, INIT);
    }

    // Then
    List<String> lines = Files.readAllLines(log);
    if (harness.declines().contains(Behaviour.SHARED_OUTPUT_IN_ORDER)) {
      Collections.sort(lines.subList(0, 3), Comparator.comparing("one two three"::indexOf));
      Collections.sort(lines.subList(3, 6), Comparator.comparing("one two three"::indexOf));
    }
    assertEquals(List.of("one", "two", "three", "one", "two", "three"), lines);
  }

  @Test
  @DisplayName("RT-IO-06 a logging binary gets output, name and arguments")
  void binary() throws Exception {
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
        runtime.start(
            runtime.create(request("a", stdio, "sh", "-c", "echo out; echo err >&2")), INIT);
    await(state, INIT);
    runtime.delete(state, INIT);

    // Then
    assertEquals("test a to " + log + "\nout\nerr\n", Files.readString(log));
  }

  @Test
  @DisplayName("RT-IO-07 names that cannot be opened are refused")
  void badNames() throws Exception {
    for (String name : List.of("relative", "nonsense://x", "binary://", "file://host")) {
      CreateTask request = request("a", new Stdio("", name, "", false), "true");
      assertThrows(InvalidArgumentException.class, () -> runtime.create(request), name);
      runtime.discard(request.location());
    }
    CreateTask missing = request("a", new Stdio("", "/does/not/exist", "", false), "true");
    assertThrows(NotFoundException.class, () -> runtime.create(missing));
    runtime.discard(missing.location());
  }

  @Test
  @DisplayName("RT-IO-08 a process that runs on in the background does not hold up deletion")
  void backgroundHolder() throws Exception {
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
    RuntimeState state = running("a", "sh", "-c", "cat && echo x && echo y >&2");

    // Then
    assertEquals(0, await(state, INIT).code());
    runtime.delete(state, INIT);
  }
}
