package dev.carafe.plugin.runtime.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.linux.EventLoop;
import dev.carafe.spi.resources.GroupPlace;
import dev.carafe.spi.resources.ResourceGroup;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import dev.carafe.spi.runtimes.Stdio;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
  private Path slice;
  private Path scope;
  private Process monitor;

  /** crun makes a group of its own in the scope. */
  @BeforeEach
  void aTaskInAScopeOfASlice() throws Exception {
    slice = Files.createDirectory(directory.resolve("pod.slice"));
    killed(slice, 3);
    scope = slice.resolve("c1.scope");
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

  private static void killed(Path group, int times) throws IOException {
    Files.writeString(group.resolve("memory.events"), "oom_kill " + times + "\n");
  }

  private static ResourceGroup group(Path directory) {
    return Objects.requireNonNull(Configs.RESOURCES.get("systemd"))
        .reopen(new GroupPlace(true, Map.of("", directory.toString())));
  }

  private ResourceGroup group() {
    return group(scope.resolve("container"));
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
    killed(slice, 4);

    // Then
    assertEquals(4, group().oomKillsAbove());
    assertTrue(end(137).oomKilled());
  }

  @Test
  void withoutAnotherKillInTheSliceItWasNone() throws Exception {
    assertFalse(end(137).oomKilled());
  }

  @Test
  void whatEndedByItselfWasNotKilledAlthoughAnotherOfItsPodWas() throws Exception {
    // When
    killed(slice, 4);

    // Then
    assertFalse(end(1).oomKilled());
  }

  @Test
  void whatAClientKilledWasNotKilledForWantOfMemoryAlthoughAnotherOfItsPodWas() throws Exception {
    // Given
    live.killed();

    // When
    killed(slice, 4);

    // Then
    assertFalse(end(137).oomKilled());
  }

  @Test
  void aGroupWithoutAScopeHasNoSlice() throws Exception {
    // Given
    Path below = Files.createDirectories(directory.resolve("kubepods/c1"));
    killed(directory.resolve("kubepods"), 9);

    // Then
    assertEquals(0, group(below).oomKillsAbove());
  }
}
