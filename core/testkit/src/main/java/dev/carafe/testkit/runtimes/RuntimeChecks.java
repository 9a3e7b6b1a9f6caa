package dev.carafe.testkit.runtimes;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.carafe.linux.Signals;
import dev.carafe.spi.runtimes.CreateTask;
import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.spi.runtimes.TaskRuntime;
import dev.carafe.testkit.runtimes.TaskRuntimeHarness.Behaviour;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/**
 * What every task runtime has to do, checked with small programs: the base of the {@code
 * ...Conformance} classes, one per area. Each check has an id that stays.
 */
@Timeout(120)
abstract class RuntimeChecks {
  static final ProcessId INIT = ProcessId.INIT;

  final TaskRuntimeHarness harness;
  RuntimeSandbox sandbox;
  TestPrograms programs;
  TaskRuntime runtime;

  RuntimeChecks(TaskRuntimeHarness harness) {
    this.harness = harness;
  }

  @BeforeEach
  void begin() throws Exception {
    // What is bound at first use keeps descriptors of its own.
    close(harness.open(Path.of("/nowhere")));
    sandbox = new RuntimeSandbox(harness::programs);
    programs = sandbox.programs();
    runtime = harness.open(sandbox.state());
  }

  @AfterEach
  void end() throws Exception {
    close(runtime);
    sandbox.close();
  }

  static void close(TaskRuntime runtime) throws Exception {
    if (runtime instanceof AutoCloseable closeable) {
      closeable.close();
    }
  }

  boolean declines(Behaviour behaviour) {
    return harness.declines().contains(behaviour);
  }

  /** The check is about what the runtime offers; another one is about how it refuses. */
  void onlyWith(Behaviour behaviour) {
    Assumptions.assumeFalse(declines(behaviour), () -> "declined: " + behaviour);
  }

  /** The daemon dies and another one comes; the runtime is told nothing. */
  RuntimeState restart(RuntimeState state, String id) throws Exception {
    close(runtime);
    runtime = harness.open(sandbox.state());
    return runtime.recover(sandbox.location(id), state);
  }

  CreateTask request(String id, Stdio stdio, String... args) throws Exception {
    return request(id, stdio, spec -> {}, args);
  }

  CreateTask request(String id, Stdio stdio, Consumer<ObjectNode> change, String... args)
      throws Exception {
    return sandbox.request(id, stdio, harness.options(), change, args);
  }

  CreateTask request(String id, Stdio stdio, List<String> args) throws Exception {
    return request(id, stdio, args.toArray(String[]::new));
  }

  CreateTask request(String id, Stdio stdio, Consumer<ObjectNode> change, List<String> args)
      throws Exception {
    return request(id, stdio, change, args.toArray(String[]::new));
  }

  RuntimeState running(String id, List<String> args) throws Exception {
    return running(id, args.toArray(String[]::new));
  }

  RuntimeState running(String id, String... args) throws Exception {
    return runtime.start(runtime.create(request(id, Stdio.NONE, args)), INIT);
  }

  RuntimeState sleeping(String id) throws Exception {
    return running(id, programs.sleep());
  }

  ExitStatus await(RuntimeState state, ProcessId process) throws Exception {
    return RuntimeSandbox.await(runtime, state, process);
  }

  void killAndDelete(RuntimeState state) throws Exception {
    runtime.kill(state, INIT, Signals.SIGKILL, false);
    await(state, INIT);
    runtime.delete(state, INIT);
  }

  static Stdio out(Path stdout) {
    return new Stdio("", stdout.toString(), "", false);
  }

  static byte[] process(String... args) {
    return Specs.process(List.of(args));
  }

  static void write(Path fifo, String text) {
    RuntimeSandbox.write(fifo, text);
  }
}
