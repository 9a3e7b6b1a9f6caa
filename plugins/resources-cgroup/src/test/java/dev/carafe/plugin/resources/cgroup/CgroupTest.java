package dev.carafe.plugin.resources.cgroup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.linux.Signals;
import dev.carafe.plugin.resources.cgroup.CgroupMounts.CgroupMount;
import dev.carafe.spi.resources.GroupPlace;
import dev.carafe.spi.resources.ResourceGroup.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CgroupTest {
  private static final Duration SHORT = Duration.ofMillis(20);

  @TempDir Path directory;

  @Test
  void mountsOfBothVersionsAreFound() {
    // When
    CgroupMounts mounts =
        CgroupMounts.parse(
            List.of(
                "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755",
                "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:5 - cgroup cgroup rw,cpu,cpuacct",
                "40 31 0:37 /docker/x /sys/fs/cg\\040oup/pids rw - cgroup cgroup rw,pids",
                "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw"));

    // Then
    assertFalse(mounts.isUnified());
    assertEquals(
        new CgroupMount("/", Path.of("/sys/fs/cgroup/cpu,cpuacct")),
        mounts.byController().get("cpuacct"));
    assertEquals(
        new CgroupMount("/docker/x", Path.of("/sys/fs/cg oup/pids")),
        mounts.byController().get("pids"));
    assertEquals(new CgroupMount("/", Path.of("/sys/fs/cgroup/unified")), mounts.unified());
  }

  @Test
  void aPureVersion2MachineHasOneHierarchy() {
    // When
    CgroupMounts mounts =
        CgroupMounts.parse(
            List.of("30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate"));

    // Then
    assertTrue(mounts.isUnified());
  }

  @Test
  void groupsAreFoundBelowWhatTheMountShows() {
    // Given
    var mount = new CgroupMount("/docker/x", Path.of("/sys/fs/cgroup/pids"));

    // Then
    assertEquals(Path.of("/sys/fs/cgroup/pids/a/b"), mount.directory("/docker/x/a/b"));
    assertEquals(Path.of("/sys/fs/cgroup/pids"), mount.directory("/docker/x"));
    assertEquals(null, mount.directory("/docker/xy"));
  }

  @Test
  void aGroupThatHoldsTheDaemonIsNotTheTasks() {
    // Given
    var mounts =
        new CgroupMounts(
            Map.of(
                "pids", new CgroupMount("/", Path.of("/cg/pids")),
                "cpu", new CgroupMount("/", Path.of("/cg/cpu")),
                "memory", new CgroupMount("/", Path.of("/cg/memory"))),
            null);

    // When
    GroupPlace group =
        mounts.place(
            Map.of("pids", "/ns/task", "cpu", "/", "memory", "/services"),
            Map.of("pids", "/", "cpu", "/", "memory", "/services/carafe"));

    // Then
    assertEquals(Map.of("pids", "/cg/pids/ns/task"), group.paths());
  }

  @Test
  void processesOfGroupsBelowAreListedToo() throws IOException {
    // Given
    var group = new FakeCgroup(directory).file("cgroup.procs", "11\n12\n");
    new FakeCgroup(directory.resolve("below/deeper")).file("cgroup.procs", "13\n");

    // Then
    assertEquals(Set.of(11L, 12L, 13L), group.unified().pids());
  }

  @Test
  void version2IsFrozenOnceTheKernelSaysSo() throws IOException {
    // Given
    var group =
        new FakeCgroup(directory)
            .file("cgroup.freeze", "1\n")
            .file("cgroup.events", "populated 1\nfrozen 0\n");

    // Then
    assertEquals(State.FREEZING, group.unified().state());

    // When
    group.file("cgroup.events", "populated 1\nfrozen 1\n");

    // Then
    assertEquals(State.FROZEN, group.unified().state());
  }

  @Test
  void aFreezeThatDoesNotHappenInTimeIsTakenBack() throws Exception {
    // Given
    var group =
        new FakeCgroup(directory)
            .file("cgroup.freeze", "0\n")
            .file("cgroup.events", "populated 1\nfrozen 0\n");

    // When
    boolean frozen = group.unified().freeze(SHORT);

    // Then
    assertFalse(frozen);
    assertEquals("0", Files.readString(directory.resolve("cgroup.freeze")).strip());
  }

  @Test
  void version1TellsFreezingFromFrozen() throws IOException {
    // Given
    var group = new FakeCgroup(directory).file("freezer.state", "FREEZING\n");

    // Then
    assertEquals(State.FREEZING, group.legacy().state());
    assertEquals(State.FROZEN, group.file("freezer.state", "FROZEN\n").legacy().state());
  }

  @Test
  void theKernelKillsAVersion2GroupInOneStep() throws Exception {
    // Given
    var group =
        new FakeCgroup(directory).file("cgroup.kill", "").file("cgroup.procs", "999999999\n");

    // When
    group.unified().signalAll(Signals.SIGKILL, SHORT);

    // Then
    assertEquals("1", Files.readString(directory.resolve("cgroup.kill")));
  }

  @Test
  void anEmptyGroupNeedsNoKilling() throws Exception {
    // Given
    var group = new FakeCgroup(directory).file("cgroup.procs", "");

    // Then
    assertTrue(group.unified().killAll(SHORT));
  }

  @Test
  void killsForWantOfMemoryAreCountedInBothVersions() throws IOException {
    // Given
    var group =
        new FakeCgroup(directory)
            .file("memory.events", "oom 4\noom_kill 3\n")
            .file("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");

    // Then
    assertEquals(3, group.unified().oomKills());
    assertEquals(2, group.legacy().oomKills());
  }

  @Test
  void aGroupThatIsGoneHasNoProcessesAndNoState() throws Exception {
    // Given
    Cgroup group = new FakeCgroup(directory.resolve("gone")).unified();
    Files.delete(directory.resolve("gone"));

    // Then
    assertEquals(Set.of(), group.pids());
    assertEquals(State.THAWED, group.state());
    assertEquals(0, group.oomKills());
    assertFalse(group.exists());
    assertTrue(group.remove(SHORT));
  }
}
