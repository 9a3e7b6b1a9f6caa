package dev.carafe.testkit.resources;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.linux.Signals;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.resources.GroupPlace;
import dev.carafe.spi.resources.ResourceGroup;
import dev.carafe.spi.resources.ResourceManager;
import dev.carafe.spi.runtimes.TaskMetrics;
import dev.carafe.testkit.runtimes.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The contract of {@link ResourceManager} as tests, on processes of its own, as root. Subclass it
 * and say how to open yours. Every check has an id that is never used for another.
 */
@Timeout(120)
public abstract class ResourceManagerConformance {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final long MEMORY = 32 << 20;
  private static final AtomicInteger NUMBER = new AtomicInteger();

  private final List<Process> started = new ArrayList<>();
  private final List<ResourceGroup> made = new ArrayList<>();
  private String parent = "";
  private ResourceManager manager;

  /** How to open the manager. */
  protected abstract ResourceManagerHarness harness();

  @BeforeEach
  void open() throws Exception {
    parent = "/carafekit" + ProcessHandle.current().pid() + "x" + NUMBER.incrementAndGet();
    manager = harness().open();
  }

  @AfterEach
  void close() throws Exception {
    for (ResourceGroup group : made) {
      assertTrue(group.killAll(LIMIT), "processes are left: " + group.pids());
    }
    for (Process process : started) {
      process.destroyForcibly().waitFor();
    }
    for (ResourceGroup group : made) {
      assertTrue(group.remove(LIMIT), "left: " + group.place());
    }
    harness().end(parent);
    if (manager instanceof AutoCloseable closeable) {
      closeable.close();
    }
  }

  /** A process that does nothing until {@link #go}. */
  private Process waiting(String script) throws IOException {
    return process("read go; " + script);
  }

  private static void go(Process process) throws IOException {
    try (var in = process.getOutputStream()) {
      in.write('\n');
    }
  }

  private Process process(String script) throws IOException {
    Process process =
        new ProcessBuilder("/bin/sh", "-c", script)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    started.add(process);
    return process;
  }

  private String path(String name) {
    return manager.path(parent, "/unused", name);
  }

  /** A group with a process in it. */
  private ResourceGroup group(String name, Process process) throws Exception {
    harness().begin(path(name), process.pid());
    ResourceGroup group = manager.of(process.pid());
    made.add(group);
    return group;
  }

  private ResourceGroup sleeping(String name) throws Exception {
    return group(name, process("exec sleep 1000"));
  }

  private Set<Long> pids() {
    var pids = new HashSet<Long>();
    started.forEach(process -> pids.add(process.pid()));
    return pids;
  }

  @Test
  @DisplayName("RES-NAME-01 the parent is taken in both forms, and the path has the id at its end")
  void bothForms() {
    for (String said : List.of("/a/b/c", "a-b-c.slice", "/a.slice/a-b.slice/a-b-c.slice", "")) {
      String first = manager.path(said, "/otherwise", "id1");
      assertTrue(first.endsWith("id1"), first);
      assertEquals(first, manager.path(said, "/otherwise", "id1"));
      assertNotEquals(first, manager.path(said, "/otherwise", "id2"));
      assertFalse(manager.named(first).place().isNone(), first);
    }
    assertEquals(
        manager.named(manager.path("a-b-c.slice", "/otherwise", "id")).place(),
        manager.named(manager.path("/a.slice/a-b.slice/a-b-c.slice", "/otherwise", "id")).place());
  }

  @Test
  @DisplayName(
      "RES-NAME-02 a parent that leads elsewhere is refused, and a path stays below the top")
  void hostileNames() {
    for (String said : List.of("/a/../b", "../a", "..", "/a\nb", "a\nb.slice", "a\0b")) {
      assertThrows(
          InvalidArgumentException.class, () -> manager.path(said, "/otherwise", "id"), said);
    }
    for (String path :
        List.of("", "/", "//", ".", "/..", "a:b", "a.slice:b:../../c", "::", "..::x")) {
      assertEquals(GroupPlace.NONE, manager.named(path).place(), path);
    }
    for (String path : List.of("/../carafekit", "/a/../../carafekit", "/carafekit/../carafekit")) {
      manager
          .named(path)
          .place()
          .paths()
          .forEach((_, directory) -> {
            assertTrue(Path.of(directory).endsWith("carafekit"), directory);
            assertTrue(Files.isDirectory(Objects.requireNonNull(Path.of(directory).getParent())));
            assertFalse(directory.contains(".."), directory);
          });
    }
  }

  @Test
  @DisplayName("RES-NAME-03 what can be limited is always the same")
  void possible() throws Exception {
    assertEquals(manager.possible(), manager.possible());
    assertEquals(manager.possible(), reopened().possible());
    assertEquals(manager.possible().unified(), sleeping("a").place().unified());
  }

  private ResourceManager reopened() throws Exception {
    ResourceManager again = harness().open();
    if (again instanceof AutoCloseable closeable) {
      closeable.close();
    }
    return again;
  }

  @Test
  @DisplayName("RES-FIND-01 a group is found by its process, by its path and by its place")
  void found() throws Exception {
    // When
    ResourceGroup group = sleeping("a");

    // Then
    assertFalse(group.place().isNone());
    assertTrue(group.exists());
    assertEquals(pids(), group.pids());
    assertEquals(pids(), manager.named(path("a")).pids());
    ResourceGroup later = reopened().reopen(group.place());
    assertEquals(group.place(), later.place());
    assertEquals(pids(), later.pids());
  }

  @Test
  @DisplayName("RES-FIND-02 the daemon's own group is nobody's, nor has one that is gone a group")
  void noGroup() throws Exception {
    // Given
    Process gone = process("exit 0");
    gone.waitFor();

    // Then
    assertEquals(GroupPlace.NONE, manager.of(ProcessHandle.current().pid()).place());
    assertEquals(GroupPlace.NONE, manager.of(gone.pid()).place());
  }

  @Test
  @DisplayName("RES-FIND-03 where there is no group, there is nothing in it")
  void nothing() throws Exception {
    for (ResourceGroup group :
        List.of(manager.reopen(GroupPlace.NONE), manager.named(path("none")))) {
      assertFalse(group.exists());
      assertEquals(Set.of(), group.pids());
      assertEquals(ResourceGroup.State.THAWED, group.state());
      assertEquals(0, group.oomKills());
      assertFalse(group.freeze(Duration.ZERO));
      group.thaw();
      group.signalAll(Signals.SIGKILL, LIMIT);
      assertTrue(group.killAll(LIMIT));
      assertTrue(group.remove(LIMIT));
      group.onOom(() -> {}).close();
    }
  }

  @Test
  @DisplayName("RES-FIND-04 groups of one parent are apart")
  void apart() throws Exception {
    // Given
    ResourceGroup first = sleeping("a");
    ResourceGroup second = sleeping("b");

    // When
    assertTrue(first.killAll(LIMIT));

    // Then
    assertEquals(Set.of(), first.pids());
    assertEquals(Set.of(started.getLast().pid()), second.pids());
  }

  @Test
  @DisplayName("RES-KILL-01 a signal gets to every process")
  void signal() throws Exception {
    // Given
    Process first = waiting("sleep 1000 & sleep 1000 & wait");
    ResourceGroup group = group("a", first);
    sleeping("b");
    go(first);
    Await.until("children", () -> group.pids().size() == 3);

    // When
    group.signalAll(Signals.SIGTERM, LIMIT);

    // Then
    assertTrue(first.waitFor(30, TimeUnit.SECONDS));
    Await.until("an empty group", () -> group.pids().isEmpty());
    assertTrue(started.getLast().isAlive());
  }

  @Test
  @DisplayName("RES-KILL-02 killAll leaves none, though they fork")
  void killForking() throws Exception {
    // Given
    Process forking = waiting("while :; do sleep 1000 & sleep 0.05; done");
    ResourceGroup group = group("a", forking);
    go(forking);
    Await.until("children", () -> group.pids().size() > 3);

    // Then
    assertTrue(group.killAll(LIMIT));
    assertEquals(Set.of(), group.pids());
  }

  @Test
  @DisplayName("RES-KILL-03 a group in use is not removed, an empty one is, once and again")
  void remove() throws Exception {
    // Given
    ResourceGroup group = sleeping("a");

    // Then
    assertFalse(group.remove(Duration.ZERO));
    assertEquals(pids(), group.pids());
    assertTrue(started.getFirst().isAlive());
    assertTrue(group.killAll(LIMIT));
    started.getFirst().waitFor();
    assertTrue(group.remove(LIMIT));
    assertFalse(group.exists());
    assertTrue(group.remove(LIMIT));
  }

  @Test
  @DisplayName("RES-STOP-01 what is frozen stands still until it is thawed")
  void freeze(@TempDir Path directory) throws Exception {
    // Given
    Path file = directory.resolve("written");
    ResourceGroup group =
        group("a", process("while :; do echo x >>" + file + "; sleep 0.01; done"));
    Await.until("a line", () -> Files.exists(file) && Files.size(file) > 0);
    assertTrue(group.canFreeze());

    // When
    assertTrue(group.freeze(LIMIT));

    // Then
    assertEquals(ResourceGroup.State.FROZEN, group.state());
    assertEquals(ResourceGroup.State.FROZEN, reopened().reopen(group.place()).state());
    long size = Files.size(file);
    Thread.sleep(200);
    assertEquals(size, Files.size(file));
    group.thaw();
    assertEquals(ResourceGroup.State.THAWED, group.state());
    Await.until("another line", () -> Files.size(file) > size);
  }

  @Test
  @DisplayName("RES-STOP-02 what is frozen can be killed")
  void killFrozen() throws Exception {
    // Given
    ResourceGroup first = sleeping("a");
    ResourceGroup second = sleeping("b");
    assertTrue(first.freeze(LIMIT));
    assertTrue(second.freeze(LIMIT));

    // When
    assertTrue(first.killAll(LIMIT));
    second.signalAll(Signals.SIGKILL, LIMIT);

    // Then
    for (Process process : started) {
      assertTrue(process.waitFor(30, TimeUnit.SECONDS));
    }
  }

  @Test
  @DisplayName("RES-USED-01 what is used is told by the names of the wire")
  @SuppressWarnings("unchecked")
  void metrics() throws Exception {
    // When
    TaskMetrics metrics = sleeping("a").metrics();

    // Then
    assertEquals(
        manager.possible().unified() ? TaskMetrics.CGROUPS_V2 : TaskMetrics.CGROUPS_V1,
        metrics.kind());
    var pids = (Map<String, Object>) Objects.requireNonNull(metrics.values().get("pids"));
    assertEquals(1L, pids.get("current"));
    assertTrue(metrics.values().containsKey("cpu"), metrics.toString());
    assertTrue(metrics.values().containsKey("memory"), metrics.toString());
  }

  @Test
  @DisplayName("RES-OOM-01 a kill for want of memory is counted, and told")
  void outOfMemory() throws Exception {
    // Given
    Process hungry = waiting("dd if=/dev/zero of=/dev/null bs=256M count=1; exec sleep 1000");
    ResourceGroup group = group("a", hungry);
    boolean unified = group.place().unified();
    Path memory =
        Path.of(Objects.requireNonNull(group.place().paths().get(unified ? "" : "memory")));
    String limit = Long.toString(MEMORY);
    KernelGroups.write(memory.resolve(unified ? "memory.max" : "memory.limit_in_bytes"), limit);
    if (manager.possible().swap()) {
      KernelGroups.write(
          memory.resolve(unified ? "memory.swap.max" : "memory.memsw.limit_in_bytes"),
          unified ? "0" : limit);
    }
    var told = new Semaphore(0);
    assertEquals(0, group.oomKills());

    // When
    try (ResourceGroup.Watch watch = group.onOom(told::release)) {
      go(hungry);

      // Then
      assertTrue(told.tryAcquire(60, TimeUnit.SECONDS), "not told by " + watch);
      Await.until("a count", () -> group.oomKills() == 1);
    }
    assertTrue(started.getFirst().isAlive());
    assertEquals(1, reopened().reopen(group.place()).oomKills());
  }

  @Test
  @DisplayName("RES-JOIN-01 a process joins a group that there is, and no other")
  void join() throws Exception {
    // Given
    ResourceGroup group = sleeping("a");
    long other = process("exec sleep 1000").pid();
    String cgroup = cgroup(started.getFirst().pid());

    // Then
    for (String wrong : List.of("", "/", "//", "relative", "/a/../..", "/.." + cgroup)) {
      assertThrows(InvalidArgumentException.class, () -> manager.join(wrong, other), wrong);
    }
    assertThrows(NotFoundException.class, () -> manager.join(cgroup + "/none", other));
    assertFalse(group.pids().contains(other));
    manager.join(cgroup, other);
    assertEquals(pids(), group.pids());
  }

  /** The group of a test's own, as the kernel says it. */
  private static String cgroup(long pid) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/cgroup"))) {
      String group = line.split(":", 3)[2];
      if (group.contains("carafekit")) {
        return group;
      }
    }
    throw new IllegalStateException("pid " + pid + " is in no group of its own");
  }
}
