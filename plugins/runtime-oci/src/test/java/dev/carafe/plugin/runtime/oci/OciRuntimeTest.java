package dev.carafe.plugin.runtime.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileIo;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.Signals;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnknownException;
import dev.carafe.spi.runtimes.CreateTask;
import dev.carafe.spi.runtimes.ExecProcess;
import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.testkit.runtimes.Await;
import dev.carafe.testkit.runtimes.FifoReader;
import dev.carafe.testkit.runtimes.RuntimeSandbox;
import dev.carafe.testkit.runtimes.Specs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is particular to runc under conmon. */
@Timeout(120)
class OciRuntimeTest {
  private static final ProcessId INIT = ProcessId.INIT;
  private static final Consumer<ObjectNode> AS_IT_IS = spec -> {};

  private RuntimeSandbox sandbox;
  private OciRuntime runtime;

  @BeforeEach
  void begin() throws Exception {
    new OciRuntime(OciRuntimeConfig.DEFAULT, Path.of("/nowhere"), Configs.RESOURCES).close();
    sandbox = Configs.sandbox();
    runtime =
        new OciRuntime(
            Configs.with("runc", Duration.ofSeconds(2)), sandbox.state(), Configs.RESOURCES);
  }

  @AfterEach
  void end() throws Exception {
    runtime.close();
    sandbox.close();
  }

  private CreateTask request(
      String id,
      Stdio stdio,
      Consumer<ObjectNode> change,
      Map<String, Object> options,
      String... args)
      throws Exception {
    return sandbox.request(id, stdio, new RuntimeOptions(options), change, args);
  }

  private RuntimeState running(String id, Stdio stdio, Consumer<ObjectNode> change, String... args)
      throws Exception {
    return runtime.start(runtime.create(request(id, stdio, change, Map.of(), args)), INIT);
  }

  private void killAndDelete(RuntimeState state) throws Exception {
    runtime.kill(state, INIT, Signals.SIGKILL, false);
    RuntimeSandbox.await(runtime, state, INIT);
    runtime.delete(state, INIT);
  }

  @Test
  void aMissingCommandIsSaidInTheWordsThatClientsMatch() throws Exception {
    // Given
    CreateTask request = request("a", Stdio.NONE, AS_IT_IS, Map.of(), "nope");

    // When
    var failure = assertThrows(UnknownException.class, () -> runtime.create(request));
    runtime.discard(request.location());

    // Then
    assertEquals(
        "OCI runtime create failed: runc create failed: unable to start container process: exec:"
            + " \"nope\": executable file not found in $PATH",
        failure.getMessage());
  }

  @Test
  void whatATerminalPrintedLastIsInTheFifoWhenItsEndIsTold() throws Exception {
    // Given
    Path stdout = sandbox.fifo("stdout");
    var stdio = new Stdio("", stdout.toString(), "", true);
    try (Fd fifo = PathCalls.open(stdout, OpenFlags.RDWR | OpenFlags.NONBLOCK, 0)) {
      RuntimeState state = running("a", stdio, AS_IT_IS, "sh", "-c", "echo last; exit 3");

      // When
      int code = RuntimeSandbox.await(runtime, state, INIT).code();
      var bytes = new byte[100];
      int count = FileIo.read(fifo, bytes, 0, bytes.length);

      // Then
      assertEquals(3, code);
      assertEquals("last\r\n", new String(bytes, 0, count, StandardCharsets.UTF_8));
      runtime.delete(state, INIT);
    }
  }

  @Test
  void aMissingCommandOfAnExecLikewise() throws Exception {
    // Given
    RuntimeState state = running("a", Stdio.NONE, AS_IT_IS, "sleep", "1000");
    var exec = new ProcessId("x");
    RuntimeState added =
        runtime.exec(state, new ExecProcess(exec, Specs.process(List.of("nope")), Stdio.NONE));

    // When
    var failure = assertThrows(UnknownException.class, () -> runtime.start(added, exec));

    // Then
    assertEquals(
        "OCI runtime exec failed: exec failed: unable to start container process: exec:"
            + " \"nope\": executable file not found in $PATH",
        failure.getMessage());
    killAndDelete(added);
  }

  @Test
  void aRuntimeThatIsNotInstalledIsNamed() throws Exception {
    // Given
    CreateTask request =
        request("a", Stdio.NONE, AS_IT_IS, Map.of("binary_name", "no-such-runtime"), "true");

    // When
    var failure = assertThrows(FailedPreconditionException.class, () -> runtime.create(request));
    runtime.discard(request.location());

    // Then
    assertEquals(
        "runtime: exec: \"no-such-runtime\": executable file not found in $PATH",
        failure.getMessage());
  }

  @Test
  void theClientsBinaryWinsOverTheHandlers() throws Exception {
    // When
    var failure =
        assertThrows(
            FailedPreconditionException.class,
            () ->
                runtime.create(
                    request(
                        "a",
                        Stdio.NONE,
                        AS_IT_IS,
                        Map.of("binary_name", "clients", "binary", "handlers"),
                        "true")));

    // Then
    assertTrue(failure.getMessage().contains("\"clients\""));
  }

  @Test
  void aContainerThatTheRuntimeKnowsIsNotCreatedOver() throws Exception {
    // Given
    CreateTask request = request("a", Stdio.NONE, AS_IT_IS, Map.of(), "true");
    Files.createDirectories(sandbox.state().resolve("test/a"));

    // Then
    assertThrows(AlreadyExistsException.class, () -> runtime.create(request));
    runtime.discard(request.location());
  }

  @Test
  void rootAndNamespaceSayWhereTheRuntimeKeepsItsState() throws Exception {
    // Given
    Path root = sandbox.directory().resolve("elsewhere");

    // When
    RuntimeState state =
        runtime.create(request("a", Stdio.NONE, AS_IT_IS, Map.of("root", root.toString()), "true"));

    // Then
    assertTrue(Files.exists(root.resolve("test/a/state.json")));
    runtime.delete(state, INIT);
    assertFalse(Files.exists(root.resolve("test/a")));
    CreateTask relative = request("b", Stdio.NONE, AS_IT_IS, Map.of("root", "here"), "true");
    assertThrows(InvalidArgumentException.class, () -> runtime.create(relative));
  }

  @Test
  void whenConmonIsKilledTheTaskRunsOnAndItsCodeIsUnknown() throws Exception {
    // Given
    RuntimeState state = running("a", Stdio.NONE, AS_IT_IS, "sleep", "1000");
    TaskState known = StateCodec.decode(state);

    // When
    known.init().monitor().signal(Signals.SIGKILL);
    Await.until("end of conmon", () -> !known.init().monitor().isAlive());

    // Then
    assertInstanceOf(ProcessStatus.Running.class, runtime.status(state, INIT));
    runtime.kill(state, INIT, Signals.SIGTERM, false);
    runtime.kill(state, INIT, Signals.SIGKILL, false);
    ExitStatus exit = RuntimeSandbox.await(runtime, state, INIT);
    assertEquals(ExitStatus.UNKNOWN_CODE, exit.code());
    runtime.delete(state, INIT);
  }

  @Test
  void whenConmonWasKilledWhileNoDaemonRanTheTaskIsTakenUpAllTheSame() throws Exception {
    // Given
    RuntimeState state = running("a", Stdio.NONE, AS_IT_IS, "sleep", "1000");
    runtime.close();
    TaskState known = StateCodec.decode(state);
    known.init().monitor().signal(Signals.SIGKILL);
    Await.until("end of conmon", () -> !known.init().monitor().isAlive());

    // When
    runtime =
        new OciRuntime(
            Configs.with("runc", Duration.ofSeconds(2)), sandbox.state(), Configs.RESOURCES);
    RuntimeState recovered = runtime.recover(sandbox.location("a"), state);

    // Then
    assertInstanceOf(ProcessStatus.Running.class, runtime.status(recovered, INIT));
    runtime.kill(recovered, INIT, Signals.SIGKILL, false);
    assertEquals(ExitStatus.UNKNOWN_CODE, RuntimeSandbox.await(runtime, recovered, INIT).code());
    runtime.delete(recovered, INIT);
  }

  @Test
  void aProcessInheritsNothingButItsStdio() throws Exception {
    // Given
    Path stdin = sandbox.fifo("stdin");
    Path stdout = sandbox.fifo("stdout");
    sandbox.reader(stdout);
    var stdio = new Stdio(stdin.toString(), stdout.toString(), stdout.toString(), false);

    // When
    RuntimeState state = running("a", stdio, AS_IT_IS, "sleep", "1000");
    var exec = new ProcessId("x");
    state =
        runtime.exec(state, new ExecProcess(exec, Specs.process(List.of("sleep", "1000")), stdio));
    state = runtime.start(state, exec);

    // Then
    var expected = Map.of("0", stdin.toString(), "1", stdout.toString(), "2", stdout.toString());
    for (ProcessId process : List.of(INIT, exec)) {
      long pid = runtime.status(state, process).pid();
      // Until the program begins, the OCI runtime has its own open.
      Await.until(
          () -> process + " has " + descriptors(pid), () -> expected.equals(descriptors(pid)));
    }
    killAndDelete(state);
  }

  private static Map<String, String> descriptors(long pid) {
    var found = new HashMap<String, String>();
    try (var entries = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      for (Path entry : entries.toList()) {
        found.put(entry.getFileName().toString(), Files.readSymbolicLink(entry).toString());
      }
    } catch (IOException e) {
      // One was closed while it was looked at.
      found.put("", e.toString());
    }
    return found;
  }

  @Test
  void conmonHoldsTheOtherEndsOfTheFifosAndNothingElseOfTheDaemon() throws Exception {
    // Given
    Path stdin = sandbox.fifo("stdin");
    Path stdout = sandbox.fifo("stdout");
    sandbox.reader(stdout);
    var stdio = new Stdio(stdin.toString(), stdout.toString(), "", false);

    // When
    RuntimeState state = running("a", stdio, AS_IT_IS, "sleep", "1000");

    // Then
    Set<String> kept = new HashSet<>();
    for (String target : descriptors(StateCodec.decode(state).init().monitor().number()).values()) {
      if (!target.startsWith("anon_inode") && !target.startsWith("/sys/fs/cgroup")) {
        kept.add(target.replaceAll(":.*", ""));
      }
    }
    assertEquals(Set.of("/dev/null", "pipe", "socket", stdout.toString()), kept);
    killAndDelete(state);
  }

  @Test
  void aUserOtherThanRootCanOpenItsOutputAnew() throws Exception {
    // Given
    Path stdout = sandbox.fifo("stdout");
    FifoReader out = sandbox.reader(stdout);
    Consumer<ObjectNode> user =
        spec -> ((ObjectNode) spec.path("process").path("user")).put("uid", 1000).put("gid", 1000);

    // When
    RuntimeState state =
        running(
            "a",
            new Stdio("", stdout.toString(), "", false),
            user,
            "sh",
            "-c",
            "id -u; echo again > /dev/stdout");

    // Then
    assertEquals("1000\nagain\n", out.all());
    assertEquals(0, RuntimeSandbox.await(runtime, state, INIT).code());
    runtime.delete(state, INIT);
  }

  @Test
  void aContainerCanHaveAUserNamespace() throws Exception {
    // Given
    Path stdout = sandbox.fifo("stdout");
    FifoReader out = sandbox.reader(stdout);
    Consumer<ObjectNode> mapped =
        spec -> {
          var linux = (ObjectNode) spec.path("linux");
          linux.withArray("/namespaces").addObject().put("type", "user");
          for (String kind : List.of("uidMappings", "gidMappings")) {
            linux
                .putArray(kind)
                .addObject()
                .put("containerID", 0)
                .put("hostID", 100000)
                .put("size", 65536);
          }
        };
    CreateTask request =
        request(
            "a",
            new Stdio("", stdout.toString(), "", false),
            mapped,
            Map.of("io_uid", 100000L, "io_gid", 100000L),
            "sh",
            "-c",
            "id -u; echo again > /dev/stdout; cat /proc/self/uid_map");

    // When
    RuntimeState state = runtime.start(runtime.create(request), INIT);

    // Then
    assertEquals(0, RuntimeSandbox.await(runtime, state, INIT).code());
    assertEquals("0\nagain\n", out.all().substring(0, 8));
    assertTrue(out.text().contains("100000      65536"), out.text());
    assertEquals(
        "rwx--x---",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(request.location().bundle())));
    runtime.delete(state, INIT);
  }

  @Test
  void everythingInTheBundleIsTheDaemonsOnly() throws Exception {
    // Given
    RuntimeState state = running("a", Stdio.NONE, AS_IT_IS, "sleep", "1000");
    var layout = new BundleLayout(sandbox.location("a").bundle());

    // Then
    for (Path directory : List.of(layout.bundle(), layout.init(), layout.initFiles().exits())) {
      assertEquals(
          "rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)));
    }
    for (Path file : List.of(layout.config(), layout.intent())) {
      assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    }
    killAndDelete(state);
  }

  @Test
  void poststopHooksRunAtDeletion() throws Exception {
    // Given
    Path trace = sandbox.directory().resolve("trace");
    Consumer<ObjectNode> hooks =
        spec -> {
          ObjectNode hook = spec.putObject("hooks").putArray("poststop").addObject();
          hook.put("path", "/bin/sh");
          hook.putArray("args").add("sh").add("-c").add("echo stopped > " + trace);
        };
    RuntimeState state = running("a", Stdio.NONE, hooks, "true");
    RuntimeSandbox.await(runtime, state, INIT);

    // When
    runtime.delete(state, INIT);

    // Then
    assertEquals("stopped\n", Files.readString(trace));
  }

  @Test
  void conmonIsMovedToTheCgroupAskedFor() throws Exception {
    // Given
    String cgroup = sandbox.cgroupsPath("monitors");
    Path directory = Path.of("/sys/fs/cgroup/pids" + cgroup);
    Files.createDirectories(directory);

    // When
    RuntimeState state =
        runtime.create(request("a", Stdio.NONE, AS_IT_IS, Map.of("shim_cgroup", cgroup), "true"));

    // Then
    assertEquals(
        Long.toString(StateCodec.decode(state).init().monitor().number()),
        SmallFiles.read(directory.resolve("cgroup.procs")).trim());
    runtime.delete(state, INIT);
    Await.until("an empty cgroup", () -> directory.toFile().delete());
    CreateTask missing =
        request("b", Stdio.NONE, AS_IT_IS, Map.of("shim_cgroup", "/does/not/exist"), "true");
    assertThrows(NotFoundException.class, () -> runtime.create(missing));
    var layout = new BundleLayout(missing.location().bundle());
    assertFalse(Files.exists(layout.initFiles().monitorPid()));
    assertEquals(List.of(), Helpers.of(missing.location().bundle()));
    runtime.discard(missing.location());
  }

  @Test
  void aCgroupThatTheTaskMadeBelowItsOwnGoesWithIt() throws Exception {
    // Given
    RuntimeState state = running("a", Stdio.NONE, AS_IT_IS, "sleep", "1000");
    Path own = Path.of(StateCodec.decode(state).cgroup().paths().get("pids"));
    Path below = Files.createDirectories(own.resolve("below/deeper"));
    long pid = runtime.status(state, INIT).pid();
    Files.writeString(below.resolve("cgroup.procs"), Long.toString(pid));

    // Then
    assertEquals(List.of(pid), runtime.processes(state).stream().map(p -> p.pid()).toList());
    killAndDelete(state);
    assertFalse(Files.exists(own));
  }

  @Test
  void limitsThatAreNoObjectAreRefused() throws Exception {
    // Given
    RuntimeState state = running("a", Stdio.NONE, AS_IT_IS, "sleep", "1000");

    // Then
    assertThrows(
        InvalidArgumentException.class,
        () -> runtime.update(state, "[]".getBytes(StandardCharsets.UTF_8), Map.of()));
    var failure =
        assertThrows(
            UnknownException.class,
            () ->
                runtime.update(
                    state,
                    "{\"cpu\": {\"cpus\": \"4711\"}}".getBytes(StandardCharsets.UTF_8),
                    Map.of()));
    assertTrue(failure.getMessage().startsWith("OCI runtime update failed: "));
    killAndDelete(state);
  }

  @Test
  void theRuntimeDescribesItself() {
    // When
    var info = runtime.info(RuntimeOptions.NONE);

    // Then
    assertEquals("runc", info.name());
    assertTrue(info.version().startsWith("runc version 1."), info.version());
    assertTrue(
        new String(info.featuresJson(), StandardCharsets.UTF_8).contains("\"ociVersionMin\""));
  }
}
