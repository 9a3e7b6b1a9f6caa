package dev.carafe.plugin.runtime.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.linux.EventLoop;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import dev.carafe.spi.runtimes.Stdio;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A kill for want of memory in a scope that systemd has removed with its last process. */
class ScopeKillTest {
  @TempDir Path directory;
  private final EventLoop loop = EventLoop.start("test", 16);
  private final LiveProcess live = new LiveProcess(loop);
  private FakeCgroup slice;
  private Path scope;
  private Process monitor;

  /** crun makes a group of its own in the scope. */
  @BeforeEach
  void aTaskInAScopeOfASlice() throws Exception {
    slice = new FakeCgroup(directory.resolve("pod.slice")).file("memory.events", "oom_kill 3\n");
    scope = slice.directory().resolve("c1.scope");
    Files.createDirectories(scope.resolve("container"));
    monitor = new ProcessBuilder("cat").start();
    BundleLayout.ProcessFiles files = new BundleLayout(directory.resolve("bundle")).initFiles();
    Files.createDirectories(files.exits());
    var process =
        new TaskState.ProcessState(
            "", 0, Stdio.NONE, true, Pid.NONE, Pid.of(monitor.pid()), -1, List.of(), Pid.NONE, 0);
    live.watch(process, files, group(), "c1");
  }

  @AfterEach
  void close() {
    monitor.destroyForcibly();
    loop.close();
  }

  private TaskCgroup group() {
    return new TaskCgroup(true, Map.of("", scope.resolve("container").toString()));
  }

  private ExitStatus end(int code) throws Exception {
    Files.delete(scope.resolve("container"));
    Files.delete(scope);
    Files.writeString(
        new BundleLayout(directory.resolve("bundle")).initFiles().exits().resolve("c1"),
        Integer.toString(code));
    monitor.destroyForcibly();
    return live.exit().get(60, TimeUnit.SECONDS);
  }

  @Test
  void theSlicesCountTellsIt() throws Exception {
    // When
    slice.file("memory.events", "oom_kill 4\n");

    // Then
    assertEquals(4, group().oomKillsInSlice());
    assertTrue(end(137).oomKilled());
  }

  @Test
  void withoutAnotherKillInTheSliceItWasNone() throws Exception {
    assertFalse(end(137).oomKilled());
  }

  @Test
  void whatEndedByItselfWasNotKilledAlthoughAnotherOfItsPodWas() throws Exception {
    // When
    slice.file("memory.events", "oom_kill 4\n");

    // Then
    assertFalse(end(1).oomKilled());
  }

  @Test
  void whatAClientKilledWasNotKilledForWantOfMemoryAlthoughAnotherOfItsPodWas() throws Exception {
    // Given
    live.killed();

    // When
    slice.file("memory.events", "oom_kill 4\n");

    // Then
    assertFalse(end(137).oomKilled());
  }

  @Test
  void aGroupWithoutAScopeHasNoSlice() throws Exception {
    // Given
    FakeCgroup group = new FakeCgroup(directory.resolve("kubepods/c1"));
    new FakeCgroup(directory.resolve("kubepods")).file("memory.events", "oom_kill 9\n");

    // Then
    assertEquals(0, group.unified().oomKillsInSlice());
  }
}
