package dev.carafe.plugin.runtime.shim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.carafe.linux.ProcessStat;
import dev.carafe.linux.Signals;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.runtimes.ExecProcess;
import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.spi.runtimes.TaskRuntime;
import dev.carafe.testkit.runtimes.Await;
import dev.carafe.testkit.runtimes.RuntimeSandbox;
import dev.carafe.testkit.runtimes.Specs;
import dev.carafe.testkit.runtimes.TaskRuntimeHarness;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Shims that die, that stop, and that are shared. */
@Timeout(120)
class ShimFaultTest {
  private static final int SIGSTOP = 19;
  private static final int SIGCONT = 18;
  private static final ProcessId INIT = ProcessId.INIT;

  private TaskRuntimeHarness harness;
  private RuntimeSandbox sandbox;
  private TaskRuntime runtime;

  @BeforeEach
  void open() throws Exception {
    harness = TestShims.harness(TestShims.installed());
    new ShimRuntime(TestShims.config(), Path.of("/nowhere")).close();
    sandbox = new RuntimeSandbox();
    runtime = harness.open(sandbox.state());
  }

  @AfterEach
  void close() throws Exception {
    // Neither is there where no shim is installed.
    if (runtime instanceof AutoCloseable opened) {
      opened.close();
      sandbox.close();
    }
  }

  private RuntimeState running(String id, Consumer<ObjectNode> change, String... args)
      throws Exception {
    return runtime.start(
        runtime.create(sandbox.request(id, Stdio.NONE, harness.options(), change, args)), INIT);
  }

  private RuntimeState sleeping(String id) throws Exception {
    return running(id, spec -> {}, "sleep", "1000");
  }

  private static ShimProcess shim(RuntimeState state) {
    ShimProcess process = ShimState.decode(state).process();
    assertTrue(process.isAlive());
    return process;
  }

  private ExitStatus await(RuntimeState state, ProcessId process) throws Exception {
    return RuntimeSandbox.await(runtime, state, process);
  }

  private void killAndDelete(RuntimeState state) throws Exception {
    runtime.kill(state, INIT, Signals.SIGKILL, false);
    await(state, INIT);
    runtime.delete(state, INIT);
  }

  private void restart() throws Exception {
    ((AutoCloseable) runtime).close();
    runtime = harness.open(sandbox.state());
  }

  @Test
  void aShimThatIsKilledEndsItsTask() throws Exception {
    // Given
    RuntimeState first = sleeping("a");
    var exec = new ProcessId("x");
    RuntimeState added =
        runtime.exec(
            first, new ExecProcess(exec, Specs.process(List.of("sleep", "1000")), Stdio.NONE));
    RuntimeState state = runtime.start(added, exec);
    long pid = runtime.status(state, INIT).pid();

    // When
    shim(state).signal(Signals.SIGKILL);

    // Then
    ExitStatus exit = await(state, INIT);
    assertEquals(137, exit.code());
    assertEquals(137, await(state, exec).code());
    assertEquals(new ProcessStatus.Stopped(pid, exit), runtime.status(state, INIT));
    assertFalse(RuntimeSandbox.runs(pid));
    assertThrows(NotFoundException.class, () -> runtime.kill(state, INIT, Signals.SIGTERM, false));
    assertEquals(exit, runtime.delete(state, INIT).exit());
    killAndDelete(sleeping("a"));
  }

  @Test
  void oneThatIsKilledWhileNoDaemonRunsDoesToo() throws Exception {
    // Given
    RuntimeState state = sleeping("a");
    long pid = runtime.status(state, INIT).pid();

    // When
    ((AutoCloseable) runtime).close();
    shim(state).signal(Signals.SIGKILL);
    runtime = harness.open(sandbox.state());
    RuntimeState recovered = runtime.recover(sandbox.location("a"), state);

    // Then
    ExitStatus exit = await(recovered, INIT);
    assertEquals(137, exit.code());
    assertFalse(RuntimeSandbox.runs(pid));

    // When the daemon dies again before anybody deletes the task
    restart();
    RuntimeState again = runtime.recover(sandbox.location("a"), recovered);

    // Then
    assertEquals(exit, await(again, INIT));
    runtime.delete(again, INIT);
  }

  @Test
  void aShimThatIsMuteIsWaitedForInBoundsAndGoesOn() throws Exception {
    // Given
    RuntimeState state = sleeping("a");
    ShimProcess shim = shim(state);
    shim.signal(SIGSTOP);
    try {
      Await.until("the shim stops", () -> ProcessStat.of(shim.pid()).orElseThrow().state() == 'T');

      // Then
      long began = System.nanoTime();
      assertInstanceOf(ProcessStatus.Unknown.class, runtime.status(state, INIT));
      assertTrue(System.nanoTime() - began < Duration.ofSeconds(3).toNanos());
      assertThrows(DeadlineExceededException.class, () -> runtime.metrics(state));

      // When a daemon comes and finds it so
      restart();
      began = System.nanoTime();
      runtime.recover(sandbox.location("a"), state);
      assertTrue(System.nanoTime() - began < Duration.ofSeconds(3).toNanos());
      assertInstanceOf(ProcessStatus.Unknown.class, runtime.status(state, INIT));
    } finally {
      shim.signal(SIGCONT);
    }

    // Then
    Await.until("an answer", () -> runtime.status(state, INIT) instanceof ProcessStatus.Running);
    killAndDelete(state);
  }

  @Test
  void tasksOfAGroupShareAShim() throws Exception {
    // Given
    Consumer<ObjectNode> pod =
        spec -> spec.putObject("annotations").put("io.kubernetes.cri.sandbox-id", "pod");
    RuntimeState first = running("pod", pod, "sleep", "1000");
    RuntimeState second = running("a", pod, "sleep", "1000");
    RuntimeState alone = sleeping("b");
    ShimProcess shim = shim(first);

    // Then
    assertEquals(shim, shim(second));
    assertNotEquals(shim, shim(alone));

    // When the first goes, and a creation in the group is discarded
    killAndDelete(first);
    runtime.create(sandbox.request("c", Stdio.NONE, harness.options(), pod, "sleep", "1000"));
    runtime.discard(sandbox.location("c"));

    // Then
    assertTrue(shim.isAlive());
    assertInstanceOf(ProcessStatus.Running.class, runtime.status(second, INIT));

    // When the shim dies
    shim.signal(Signals.SIGKILL);

    // Then only its own end
    assertEquals(137, await(second, INIT).code());
    assertInstanceOf(ProcessStatus.Running.class, runtime.status(alone, INIT));
    runtime.delete(second, INIT);
    killAndDelete(alone);
  }

  @Test
  void aDeletionThatTheDaemonDidNotSurviveIsFinished() throws Exception {
    // Given
    RuntimeState state = running("a", spec -> {}, "sh", "-c", "exit 5");
    ExitStatus exit = await(state, INIT);
    runtime.delete(state, INIT);

    // When the daemon died before it could forget the task
    restart();
    RuntimeState recovered = runtime.recover(sandbox.location("a"), state);

    // Then
    assertEquals(exit.code(), await(recovered, INIT).code());
    assertEquals(exit, runtime.delete(recovered, INIT).exit());
  }

  @Test
  void theBundleIsAsShimsKnowIt() throws Exception {
    // When
    RuntimeState state = sleeping("a");

    // Then
    Path bundle = sandbox.location("a").bundle();
    assertEquals(
        TestShims.installed().toString(), Files.readString(bundle.resolve("shim-binary-path")));
    assertTrue(Files.isRegularFile(bundle.resolve("config.json")));
    assertTrue(Files.isDirectory(bundle.resolve("rootfs")));
    assertTrue(Files.isDirectory(Files.readSymbolicLink(bundle.resolve("work"))));
    String bootstrap = Files.readString(bundle.resolve("bootstrap.json"));
    assertEquals(
        ShimState.decode(state).bootstrap(),
        Bootstrap.parse(bootstrap.getBytes(StandardCharsets.UTF_8)));
    assertTrue(bootstrap.contains("unix:///run/containerd/s/"), bootstrap);
    killAndDelete(state);
    assertFalse(Files.exists(bundle.resolve("work")));
    Await.until(
        "events",
        () ->
            EventListener.topics(RuntimeSandbox.NAMESPACE)
                .containsAll(List.of("/tasks/create", "/tasks/start", "/tasks/exit")));
  }

  @Test
  void aShimTellsAboutItself() throws Exception {
    TaskRuntime.RuntimeInfo info = runtime.info(harness.options());
    assertFalse(info.name().isEmpty());
    assertFalse(info.version().isEmpty());
    assertTrue(runtime.isInstalled(harness.options()));
  }
}
