package dev.carafe.plugin.resources.cgroup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.carafe.spi.resources.GroupPlace;
import dev.carafe.spi.resources.ResourceGroup.Watch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Version 2 on plain files; version 1 is in the conformance suites, on the kernel's. */
class OomWatchTest {
  @TempDir Path groups;
  private final OomWatch watch = new OomWatch("test");
  private final BlockingQueue<String> told = new LinkedBlockingQueue<>();

  @AfterEach
  void close() {
    watch.close();
  }

  private Cgroup group(String name) throws IOException {
    Path directory = Files.createDirectory(groups.resolve(name));
    Files.writeString(directory.resolve("memory.events"), "oom 0\noom_kill 0\n");
    return new Cgroup(new GroupPlace(true, Map.of("", directory.toString())), watch);
  }

  private void kill(String name) throws IOException {
    CgroupFiles.write(groups.resolve(name).resolve("memory.events"), "oom_kill 1\n");
  }

  private @Nullable String told() throws InterruptedException {
    return told.poll(30, TimeUnit.SECONDS);
  }

  @Test
  void theGroupWhoseEventsChangeIsTold() throws Exception {
    // Given
    group("a").onOom(() -> told.add("a"));
    group("b").onOom(() -> told.add("b"));

    // When
    kill("b");

    // Then
    assertEquals("b", told());
  }

  @Test
  void whatIsWatchedNoMoreIsNotTold() throws Exception {
    // Given
    Watch first = group("a").onOom(() -> told.add("a"));
    group("b").onOom(() -> told.add("b"));

    // When
    first.close();
    kill("a");
    kill("b");

    // Then
    assertEquals("b", told());
  }

  @Test
  void twoThatWatchOneGroupAreBothToldUntilEachLeaves() throws Exception {
    // Given
    Cgroup group = group("a");
    Watch first = group.onOom(() -> told.add("first"));
    group.onOom(() -> told.add("second"));
    kill("a");
    assertEquals("first", told());
    assertEquals("second", told());

    // When
    first.close();
    told.clear();
    kill("a");

    // Then
    assertEquals("second", told());
  }

  @Test
  void aGroupWithoutTheFilesIsNoFailure() throws Exception {
    // Given
    Cgroup gone =
        new Cgroup(new GroupPlace(true, Map.of("", groups.resolve("none").toString())), watch);
    Cgroup odd = new Cgroup(new GroupPlace(false, Map.of("memory", groups.toString())), watch);

    // Then
    assertSame(Watch.NONE, gone.onOom(() -> told.add("gone")));
    assertSame(Watch.NONE, odd.onOom(() -> told.add("odd")));
    assertSame(Watch.NONE, new Cgroup(GroupPlace.NONE, watch).onOom(() -> told.add("none")));
    assertNull(told.peek());
  }

  @Test
  void afterItsEndNothingIsWatched() throws Exception {
    // Given
    Cgroup group = group("a");

    // When
    watch.close();

    // Then
    assertSame(Watch.NONE, group.onOom(() -> told.add("a")));
  }
}
