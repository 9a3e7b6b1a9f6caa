package dev.carafe.plugin.runtime.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.carafe.linux.EventLoop;
import dev.carafe.spi.runtimes.TaskLocation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Version 2 on plain files; version 1 is in the conformance suite, on the kernel's. */
@Timeout(30)
class MemoryWatchTest {
  private static final TaskLocation A = new TaskLocation("default", "a", Path.of("/b/a"));
  private static final TaskLocation B = new TaskLocation("default", "b", Path.of("/b/b"));

  @TempDir Path groups;
  private final EventLoop loop = EventLoop.start("test", 16);
  private final MemoryWatch watch = new MemoryWatch(loop);

  @AfterEach
  void close() {
    loop.close();
    watch.close();
  }

  private TaskCgroup group(String name) throws IOException {
    Path directory = Files.createDirectory(groups.resolve(name));
    Files.writeString(directory.resolve("memory.events"), "oom 0\noom_kill 0\n");
    return new TaskCgroup(true, Map.of("", directory.toString()));
  }

  private static void kill(TaskCgroup group) throws IOException {
    CgroupFiles.write(Path.of(group.paths().get("")).resolve("memory.events"), "oom_kill 1\n");
  }

  @Test
  void theTaskWhoseEventsChangeIsNamed() throws Exception {
    // Given
    TaskCgroup a = group("a");
    TaskCgroup b = group("b");
    watch.watch(A, a);
    watch.watch(B, b);

    // When
    kill(b);

    // Then
    assertEquals(Set.of(B), watch.await());
  }

  @Test
  void whatIsWatchedNoMoreIsNotNamed() throws Exception {
    // Given
    TaskCgroup a = group("a");
    TaskCgroup b = group("b");
    Runnable end = watch.watch(A, a);
    watch.watch(B, b);

    // When
    end.run();
    kill(a);
    kill(b);

    // Then
    assertEquals(Set.of(B), watch.await());
  }

  @Test
  void aTaskThatIsForgottenIsNotNamed() throws Exception {
    // Given
    watch.name(A);
    watch.name(B);

    // When
    watch.forget(A);

    // Then
    assertEquals(Set.of(B), watch.await());
  }

  @Test
  void aGroupWithoutTheFilesIsNoFailure() throws Exception {
    // When
    watch.watch(A, new TaskCgroup(true, Map.of("", groups.resolve("none").toString()))).run();
    watch.watch(A, new TaskCgroup(false, Map.of("memory", groups.toString()))).run();
    watch.watch(A, TaskCgroup.NONE).run();

    // Then
    watch.name(B);
    assertEquals(Set.of(B), watch.await());
  }
}
