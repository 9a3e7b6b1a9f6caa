package dev.carafe.testkit.runtimes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.carafe.linux.OomScore;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.spi.runtimes.TaskLocation;
import dev.carafe.spi.runtimes.TaskMetrics;
import dev.carafe.testkit.runtimes.TaskRuntimeHarness.Behaviour;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Pausing, limits, statistics. */
abstract class RuntimeLimitsChecks extends RuntimeChecks {
  RuntimeLimitsChecks(TaskRuntimeHarness harness) {
    super(harness);
  }

  @Test
  @DisplayName("RT-LIM-01 pause stops, resume lets go")
  void pause() throws Exception {
    // Given
    RuntimeState state = sleeping("a");
    if (declines(Behaviour.PAUSE)) {
      assertThrows(UnimplementedException.class, () -> runtime.pause(state));
      killAndDelete(state);
      return;
    }

    // When
    RuntimeState paused = runtime.pause(state);

    // Then
    assertInstanceOf(ProcessStatus.Paused.class, runtime.status(paused, INIT));
    assertThrows(FailedPreconditionException.class, () -> runtime.pause(paused));
    RuntimeState resumed = runtime.resume(paused);
    assertInstanceOf(ProcessStatus.Running.class, runtime.status(resumed, INIT));
    assertThrows(FailedPreconditionException.class, () -> runtime.resume(resumed));
    killAndDelete(resumed);
  }

  @Test
  @DisplayName("RT-LIM-02 what is paused can be killed")
  void killPaused() throws Exception {
    onlyWith(Behaviour.PAUSE);
    // Given
    RuntimeState state = runtime.pause(sleeping("a"));

    // Then
    killAndDelete(state);
  }

  @Test
  @DisplayName("RT-LIM-03 limits change while it runs")
  void update() throws Exception {
    // Given
    RuntimeState state = sleeping("a");
    if (declines(Behaviour.CONTROL_GROUPS)) {
      byte[] more = "{\"memory\": {\"limit\": 123456789}}".getBytes(StandardCharsets.UTF_8);
      assertThrows(UnimplementedException.class, () -> runtime.update(state, more, Map.of()));
      killAndDelete(state);
      return;
    }

    // When
    RuntimeState updated =
        runtime.update(
            state, "{\"pids\": {\"limit\": 12}}".getBytes(StandardCharsets.UTF_8), Map.of());

    // Then
    @SuppressWarnings("unchecked")
    var pids = (Map<String, Object>) runtime.metrics(updated).values().get("pids");
    assertEquals(12L, Objects.requireNonNull(pids).get("limit"));
    assertEquals(1L, pids.get("current"));
    killAndDelete(updated);
  }

  @Test
  @DisplayName("RT-LIM-04 the kernel's kill for want of memory is told")
  void outOfMemory() throws Exception {
    // Given
    RuntimeState state =
        runtime.start(
            runtime.create(
                request("a", Stdio.NONE, Specs.memoryLimit(16 << 20), programs.allocate())),
            INIT);

    // When
    ExitStatus exit = await(state, INIT);

    // Then
    assertEquals(!declines(Behaviour.EXIT_TELLS_OUT_OF_MEMORY), exit.oomKilled(), exit.toString());
    assertEquals(declines(Behaviour.KILLS_FOR_MEMORY) ? 42 : 137, exit.code());
    runtime.delete(state, INIT);
  }

  /** A task whose first process outlives a child that takes too much memory. */
  private RuntimeState survivor(String id) throws Exception {
    return runtime.start(
        runtime.create(
            request(
                id,
                Stdio.NONE,
                Specs.memoryLimit(16 << 20),
                "sh",
                "-c",
                "tail -c 1000000000 /dev/zero; sleep 1000")),
        INIT);
  }

  private Set<TaskLocation> named() throws Exception {
    return CompletableFuture.supplyAsync(
            () -> {
              try {
                return runtime.awaitMemoryKills();
              } catch (InterruptedException e) {
                throw new CompletionException(e);
              }
            },
            task -> Thread.ofVirtual().start(task))
        .get(30, TimeUnit.SECONDS);
  }

  @Test
  @DisplayName("RT-LIM-07 a kill for want of memory is told when it happens, and once")
  void killOfAChild() throws Exception {
    // Given
    RuntimeState state = declines(Behaviour.PROCESSES) ? sleeping("a") : survivor("a");

    if (declines(Behaviour.COUNTS_MEMORY_KILLS)) {
      // Then
      assertThrows(UnimplementedException.class, () -> runtime.memoryKills(state));
      assertThrows(UnimplementedException.class, () -> runtime.awaitMemoryKills());
    } else {
      // When
      Set<TaskLocation> named = named();

      // Then
      assertEquals(Set.of(sandbox.location("a")), named);
      assertEquals(1, runtime.memoryKills(state));
      assertInstanceOf(ProcessStatus.Running.class, runtime.status(state, INIT));

      // When
      RuntimeState other = survivor("b");

      // Then
      assertEquals(Set.of(sandbox.location("b")), named());
      killAndDelete(other);
    }
    killAndDelete(state);
  }

  @Test
  @DisplayName("RT-LIM-08 the count outlives the daemon, and a task that is taken up is named")
  void killBeforeRecovery() throws Exception {
    if (declines(Behaviour.COUNTS_MEMORY_KILLS)) {
      return;
    }
    // Given
    RuntimeState state = survivor("a");
    named();

    // When
    RuntimeState recovered = restart(state, "a");

    // Then
    assertEquals(Set.of(sandbox.location("a")), named());
    assertEquals(1, runtime.memoryKills(recovered));
    killAndDelete(recovered);
  }

  @Test
  @DisplayName("RT-LIM-05 statistics are named after the wire's messages")
  void metrics() throws Exception {
    // Given
    RuntimeState state = sleeping("a");

    // When
    var metrics = runtime.metrics(state);

    // Then
    String table =
        metrics.kind().equals(TaskMetrics.CGROUPS_V1)
            ? "cgroups-v1-metrics.tsv"
            : "cgroups-v2-metrics.tsv";
    new WireTable(table).check(metrics.kind(), metrics.values());
    @SuppressWarnings("unchecked")
    var memory = (Map<String, Object>) metrics.values().get("memory");
    assertFalse(Objects.requireNonNull(memory).isEmpty());
    killAndDelete(state);
  }

  @Test
  @DisplayName("RT-LIM-06 less oom_score_adj than the daemon may give is no failure")
  void oomScore() throws Exception {
    onlyWith(Behaviour.PROCESSES);
    // Given
    Consumer<ObjectNode> least =
        spec -> ((ObjectNode) spec.path("process")).put("oomScoreAdj", -998);

    // When
    RuntimeState state =
        runtime.start(runtime.create(request("a", Stdio.NONE, least, "sleep", "1000")), INIT);

    // Then
    long pid = runtime.status(state, INIT).pid();
    int score =
        Integer.parseInt(Files.readString(Path.of("/proc/" + pid + "/oom_score_adj")).trim());
    assertEquals(Math.max(-998, OomScore.floor()), score);
    killAndDelete(state);
  }

  @Test
  @DisplayName("RT-LIM-09 processor time that is used is counted")
  void processorTime() throws Exception {
    // Given
    Path stdout = sandbox.fifo("stdout");
    FifoReader out = sandbox.reader(stdout);
    RuntimeState state =
        runtime.start(runtime.create(request("a", out(stdout), programs.spin())), INIT);

    // Then
    Await.until(out::text, () -> out.text().equals("begun\n"));
    Await.until("a tenth of a second", () -> cpuNanos(runtime.metrics(state)) > 100_000_000);
    killAndDelete(state);
  }

  private static long cpuNanos(TaskMetrics metrics) {
    var cpu = (Map<?, ?>) Objects.requireNonNull(metrics.values().get("cpu"));
    if (metrics.kind().equals(TaskMetrics.CGROUPS_V1)) {
      var usage = (Map<?, ?>) Objects.requireNonNull(cpu.get("usage"));
      return (Long) Objects.requireNonNull(usage.get("total"));
    }
    return 1000 * (Long) Objects.requireNonNull(cpu.get("usage_usec"));
  }

  @Test
  @DisplayName("RT-LIM-10 what is paused uses no processor time")
  void pausedUsesNone() throws Exception {
    onlyWith(Behaviour.PAUSE);
    // Given
    Path stdout = sandbox.fifo("stdout");
    FifoReader out = sandbox.reader(stdout);
    RuntimeState running =
        runtime.start(runtime.create(request("a", out(stdout), programs.spin())), INIT);
    Await.until(out::text, () -> out.text().equals("begun\n"));

    // When
    RuntimeState state = runtime.pause(running);

    // Then
    Await.until("no more processor time", () -> standsStill(state));
    RuntimeState resumed = runtime.resume(state);
    long before = cpuNanos(runtime.metrics(resumed));
    Await.until("processor time", () -> cpuNanos(runtime.metrics(resumed)) > before + 50_000_000);
    killAndDelete(resumed);
  }

  private boolean standsStill(RuntimeState state) {
    long before = cpuNanos(runtime.metrics(state));
    LockSupport.parkNanos(100_000_000);
    return cpuNanos(runtime.metrics(state)) == before;
  }
}
