package dev.carafe.plugin.runtime.wasm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.carafe.linux.Signals;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.testkit.runtimes.Await;
import dev.carafe.testkit.runtimes.RuntimeSandbox;
import dev.carafe.testkit.runtimes.Specs;
import dev.carafe.testkit.runtimes.WasmModules;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What is special about tasks that are modules. */
class WasmRuntimeTest extends TaskCase {
  private <T extends RuntimeException> T refused(
      Class<T> type, Consumer<ObjectNode> change, List<String> args) throws Exception {
    var request = request(Stdio.NONE, change, args);
    T refusal = assertThrows(type, () -> runtime.create(request));
    runtime.discard(request.location());
    return refusal;
  }

  @Test
  void argumentsAndEnvironmentArrive() throws Exception {
    // Given
    String module = programs.add(WasmModules.arguments()).getFirst();

    // Then
    assertEquals(
        new Outcome(0, module + "\0one\0two words\0"),
        run(spec -> {}, List.of(module, "one", "two words")));
    assertEquals(new Outcome(0, "PATH=/bin\0TERM=dumb\0"), run(WasmModules.environment()));
  }

  @Test
  void aModuleIsFoundAsAPathAndByItsFunction() throws Exception {
    // Given
    String module = programs.add(WasmModules.exit(3)).getFirst();

    // Then
    for (String name :
        new String[] {"/bin/" + module, module, "../bin/" + module, module + "#_start"}) {
      assertEquals(3, run(spec -> {}, List.of(name)).code(), name);
    }
    refused(InvalidArgumentException.class, spec -> {}, List.of(module + "#nope"));
    refused(NotFoundException.class, spec -> {}, List.of("nope.wasm"));
  }

  @Test
  void returningIsSuccessAndATrapIsToldOnStandardError() throws Exception {
    assertEquals(new Outcome(0, ""), run(WasmModules.nothing()));
    Outcome trap = run(WasmModules.trap());
    assertEquals(WasmTask.TRAPPED, trap.code());
    assertTrue(trap.output().startsWith("carafe: wasm trap: "), trap.output());
  }

  @Test
  void onlyWasiIsImported() throws Exception {
    var refusal =
        refused(
            InvalidArgumentException.class, spec -> {}, programs.add(WasmModules.foreignImport()));
    assertTrue(String.valueOf(refusal.getMessage()).contains("\"env\" \"system\""));
  }

  @Test
  void whatIsNoModuleIsSaidSo() throws Exception {
    refused(
        InvalidArgumentException.class,
        spec -> {},
        programs.add("\0asm".getBytes(StandardCharsets.UTF_8)));
    refused(InvalidArgumentException.class, spec -> {}, programs.noProgram());
  }

  @Test
  void aUserOfItsOwnAndHooksAreRefused() throws Exception {
    List<String> args = programs.exit(0);
    refused(
        UnimplementedException.class,
        spec -> ((ObjectNode) spec.at("/process/user")).put("uid", 1000),
        args);
    refused(
        UnimplementedException.class,
        spec -> spec.putObject("hooks").putArray("prestart").addObject().put("path", "/x"),
        args);
  }

  @Test
  void memoryGrowsToTheLimitAndIsCounted() throws Exception {
    // Given 17 pages: what fits, and one more
    long limit = 17 * 65536;
    RuntimeState state =
        runtime.create(
            request(Stdio.NONE, Specs.memoryLimit(limit), programs.add(WasmModules.hold(16))));
    runtime.start(state, INIT);

    // Then
    Await.until("growth", () -> memory(state).get("usage").equals(limit));
    assertEquals(limit, memory(state).get("usage_limit"));
    runtime.kill(state, INIT, Signals.SIGKILL, false);
    assertEquals(137, RuntimeSandbox.await(runtime, state, INIT).code());
    runtime.delete(state, INIT);
    assertEquals(1, run(Specs.memoryLimit(limit), programs.add(WasmModules.hold(17))).code());
    refused(FailedPreconditionException.class, Specs.memoryLimit(65535), programs.exit(0));
  }

  private Map<?, ?> memory(RuntimeState state) {
    return (Map<?, ?>) Objects.requireNonNull(runtime.metrics(state).values().get("memory"));
  }

  @Test
  void allTasksTogetherTakeNoMoreThanTheirShareOfTheHeap() throws Exception {
    // Given
    runtime.close();
    runtime = TestRuntimes.open(new WasmConfig(2, 3, 32, true));
    List<String> args = programs.sleep();
    RuntimeState first = runtime.create(request(Stdio.NONE, spec -> {}, args));

    // When
    var second =
        sandbox.request(
            "b",
            Stdio.NONE,
            dev.carafe.spi.runtimes.RuntimeOptions.NONE,
            spec -> {},
            args.getFirst());
    assertThrows(ResourceExhaustedException.class, () -> runtime.create(second));
    runtime.discard(second.location());

    // Then what is given back can be taken
    runtime.delete(first, INIT);
    runtime.delete(runtime.create(second), INIT);
  }

  @Test
  void processorTimeInAllEndsTheTask() throws Exception {
    // When
    Outcome outcome =
        run(
            spec ->
                ((ArrayNode) spec.withArray("/process/rlimits"))
                    .addObject()
                    .put("type", "RLIMIT_CPU")
                    .put("soft", 1)
                    .put("hard", 1),
            programs.spin());

    // Then
    assertEquals(new Outcome(128 + 24, "begun\n"), outcome);
  }

  @Test
  void aQuotaHoldsItBackAndCanBeChanged() throws Exception {
    // Given a tenth of a processor
    RuntimeState state =
        runtime.create(
            request(
                Stdio.NONE,
                spec ->
                    spec.withObject("/linux/resources/cpu")
                        .put("quota", 10_000)
                        .put("period", 100_000),
                programs.spin()));
    long began = System.nanoTime();
    runtime.start(state, INIT);

    // When
    Await.until("being held back", () -> cpu(state, "nr_throttled") >= 5);

    // Then
    Duration took = Duration.ofNanos(System.nanoTime() - began);
    long used = cpu(state, "usage_usec");
    assertTrue(used < took.toNanos() / 1000 / 3, used + " us in " + took);

    // When
    runtime.update(state, "{\"cpu\": {\"quota\": -1}}".getBytes(StandardCharsets.UTF_8), Map.of());

    // Then
    Await.until("processor time", () -> cpu(state, "usage_usec") > used + 300_000);
    runtime.kill(state, INIT, Signals.SIGTERM, false);
    assertEquals(143, RuntimeSandbox.await(runtime, state, INIT).code());
    runtime.delete(state, INIT);
  }

  private long cpu(RuntimeState state, String name) {
    var cpu = (Map<?, ?>) Objects.requireNonNull(runtime.metrics(state).values().get("cpu"));
    return (Long) Objects.requireNonNull(cpu.get(name));
  }

  @Test
  void aPreparedDirectoryIsARootAndStaysAsItIs() throws Exception {
    // Given
    Path prepared = Files.createDirectory(sandbox.directory().resolve("prepared"));
    Files.write(prepared.resolve("main.wasm"), WasmModules.write("made", "x"));
    var request =
        request(
            Stdio.NONE,
            spec -> spec.withObject("/root").put("path", prepared.toString()),
            List.of("/main.wasm"));
    var withoutMounts =
        new dev.carafe.spi.runtimes.CreateTask(
            request.location(), request.spec(), List.of(), Stdio.NONE, request.options(), null);

    // When
    RuntimeState state = runtime.create(withoutMounts);
    runtime.start(state, INIT);

    // Then
    assertEquals(0, RuntimeSandbox.await(runtime, state, INIT).code());
    runtime.delete(state, INIT);
    assertEquals("x", Files.readString(prepared.resolve("made")));
  }

  @Test
  void signalsWithoutEffectHaveNone() throws Exception {
    // Given
    RuntimeState state = runtime.create(request(Stdio.NONE, spec -> {}, programs.sleep()));
    runtime.start(state, INIT);

    // When SIGCHLD and SIGWINCH
    runtime.kill(state, INIT, 17, false);
    runtime.kill(state, INIT, 28, false);

    // Then
    assertInstanceOf(ProcessStatus.Running.class, runtime.status(state, INIT));
    runtime.kill(state, INIT, Signals.SIGKILL, true);
    assertEquals(137, RuntimeSandbox.await(runtime, state, INIT).code());
    runtime.delete(state, INIT);
  }
}
