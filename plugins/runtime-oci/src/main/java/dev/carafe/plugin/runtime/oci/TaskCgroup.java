package dev.carafe.plugin.runtime.oci;

import dev.carafe.linux.Signals;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The control group of a task, or one directory per controller in version 1. Only groups that the
 * task has for itself: one that also holds the daemon is left out.
 *
 * @param unified whether the controllers are those of version 2
 * @param paths directories by controller; version 2 under the empty name, which a hybrid has too
 */
record TaskCgroup(boolean unified, Map<String, String> paths) {
  static final TaskCgroup NONE = new TaskCgroup(false, Map.of());

  /** Controllers by which the processes of a version 1 group are found, best first. */
  private static final List<String> LISTING =
      List.of("pids", "freezer", "devices", "memory", "cpu", "name=systemd", "");

  private static final int DEPTH = 32;
  private static final int TRIES_BEFORE_THAW = 20;
  private static final int MAX_PIDS = 1 << 20;

  enum Freeze {
    THAWED,
    FREEZING,
    FROZEN
  }

  TaskCgroup {
    paths = Map.copyOf(paths);
  }

  /** The groups that {@code pid} is in now. */
  static TaskCgroup of(long pid) throws IOException {
    return of(
        CgroupMounts.current(),
        CgroupMounts.membership(Path.of("/proc/" + pid + "/cgroup")),
        CgroupMounts.membership(Path.of("/proc/self/cgroup")));
  }

  static TaskCgroup of(CgroupMounts mounts, Map<String, String> task, Map<String, String> daemon) {
    var paths = new LinkedHashMap<String, String>();
    task.forEach((controller, group) -> {
      String ours = daemon.getOrDefault(controller, "/");
      var mount = controller.isEmpty() ? mounts.unified() : mounts.byController().get(controller);
      Path directory = mount == null ? null : mount.directory(group);
      if (directory != null && !isSameOrBelow(ours, group)) {
        paths.put(controller, directory.toString());
      }
    });
    return new TaskCgroup(mounts.isUnified(), paths);
  }

  private static boolean isSameOrBelow(String group, String above) {
    return group.equals(above) || above.equals("/") || group.startsWith(above + "/");
  }

  boolean isNone() {
    return paths.isEmpty();
  }

  /** The directory of a controller, or null if the task has none. */
  @Nullable Path directory(String controller) {
    String path = paths.get(unified ? "" : controller);
    return path == null ? null : Path.of(path);
  }

  /** All processes, those in groups below included; zombies may be among them. */
  Set<Long> pids() {
    var result = new LinkedHashSet<Long>();
    Path top = listing();
    if (top != null) {
      forEachBelow(
          top,
          DEPTH,
          directory ->
              CgroupFiles.read(directory.resolve("cgroup.procs"))
                  .lines()
                  .limit(MAX_PIDS)
                  .map(CgroupFiles::number)
                  .filter(pid -> pid > 0)
                  .forEach(result::add));
    }
    return result;
  }

  private @Nullable Path listing() {
    for (String controller : LISTING) {
      Path directory = directory(controller);
      if (directory != null && Files.isDirectory(directory)) {
        return directory;
      }
    }
    return null;
  }

  /**
   * Signals every process. They are stopped meanwhile where the kernel can do that, so that none
   * forks away; a group that was frozen before is thawed after SIGKILL only.
   */
  void signalAll(int signal, Duration limit) throws InterruptedException {
    if (signal == Signals.SIGKILL && killByKernel()) {
      return;
    }
    boolean frozen = freezeState() != Freeze.THAWED;
    boolean ours = !frozen && canFreeze() && freeze(limit);
    try {
      for (long pid : pids()) {
        ProcessTree.send(pid, signal);
      }
    } finally {
      if (ours || (frozen && signal == Signals.SIGKILL)) {
        thaw();
      }
    }
  }

  /**
   * Kills every process and waits until the group is empty.
   *
   * @return whether it is
   */
  boolean killAll(Duration limit) throws InterruptedException {
    return Backoff.until(
        limit,
        () -> {
          Set<Long> pids = pids();
          if (pids.isEmpty()) {
            return true;
          }
          if (!killByKernel()) {
            pids.forEach(pid -> ProcessTree.send(pid, Signals.SIGKILL));
            if (freezeState() != Freeze.THAWED) {
              thaw();
            }
          }
          return false;
        });
  }

  /** Version 2's {@code cgroup.kill}, Linux 5.14; kills what is frozen, too. */
  private boolean killByKernel() {
    Path group = directory("");
    try {
      return unified
          && group != null
          && CgroupFiles.writeIfPresent(group.resolve("cgroup.kill"), "1");
    } catch (IOException _) {
      return false;
    }
  }

  /** Whether the task's processes can be stopped. */
  boolean canFreeze() {
    return freezer() != null;
  }

  private @Nullable Path freezer() {
    Path directory = directory("freezer");
    Path file =
        directory == null ? null : directory.resolve(unified ? "cgroup.freeze" : "freezer.state");
    return file != null && Files.exists(file) ? file : null;
  }

  /** Stops all processes; returns whether they have stopped in time. If not, none is stopped. */
  boolean freeze(Duration limit) throws InterruptedException {
    Path file = freezer();
    if (file == null) {
      return false;
    }
    var tries = new int[1];
    boolean done =
        Backoff.until(
            limit,
            () -> {
              // A version 1 group whose processes fork may need to be told again, and one in which
              // a process waits for another that is frozen already needs a moment to go on.
              if (!unified && ++tries[0] % TRIES_BEFORE_THAW == 0) {
                thaw();
                return false;
              }
              writeOrFail(file, unified ? "1" : "FROZEN");
              return freezeState() == Freeze.FROZEN;
            });
    if (!done) {
      thaw();
    }
    return done;
  }

  void thaw() {
    Path file = freezer();
    if (file != null) {
      writeOrFail(file, unified ? "0" : "THAWED");
    }
  }

  Freeze freezeState() {
    Path file = freezer();
    if (file == null) {
      return Freeze.THAWED;
    }
    String text = CgroupFiles.read(file).trim();
    if (!unified) {
      return switch (text) {
        case "FROZEN" -> Freeze.FROZEN;
        case "FREEZING" -> Freeze.FREEZING;
        default -> Freeze.THAWED;
      };
    }
    if (!text.equals("1")) {
      return Freeze.THAWED;
    }
    Path events = file.resolveSibling("cgroup.events");
    return CgroupFiles.table(events).getOrDefault("frozen", 0L) == 1
        ? Freeze.FROZEN
        : Freeze.FREEZING;
  }

  private static void writeOrFail(Path file, String text) {
    try {
      CgroupFiles.write(file, text);
    } catch (NoSuchFileException _) {
      // The group went away with its last process: there is nothing left to stop.
    } catch (IOException e) {
      throw new UncheckedIOException("cgroup " + file + ": " + e.getMessage(), e);
    }
  }

  /** How many processes the kernel has killed here for want of memory. */
  long oomKills() {
    Path directory = directory("memory");
    return directory == null
        ? 0
        : CgroupFiles.table(directory.resolve(unified ? "memory.events" : "memory.oom_control"))
            .getOrDefault("oom_kill", 0L);
  }

  /**
   * The same in the slice of the scope that it is in or below of, 0 without one. systemd removes a
   * scope, and its count, with the last process; the slice's count has in it what was in there.
   */
  long oomKillsInSlice() {
    Path scope = unified ? directory("") : null;
    while (scope != null && !scope.toString().endsWith(".scope")) {
      scope = scope.getParent();
    }
    return scope == null
        ? 0
        : CgroupFiles.table(scope.resolveSibling("memory.events")).getOrDefault("oom_kill", 0L);
  }

  boolean exists() {
    return paths.values().stream().anyMatch(path -> Files.isDirectory(Path.of(path)));
  }

  /**
   * Removes the emptied groups and what is below them.
   *
   * @return whether they are gone
   */
  boolean remove(Duration limit) throws InterruptedException {
    return Backoff.until(
        limit,
        () -> {
          for (String path : Set.copyOf(paths.values())) {
            removeTree(Path.of(path), DEPTH);
          }
          return !exists();
        });
  }

  private static void removeTree(Path directory, int depth) {
    if (!Files.isDirectory(directory) || depth == 0) {
      return;
    }
    for (Path below : subdirectories(directory)) {
      removeTree(below, depth - 1);
    }
    try {
      Files.delete(directory);
    } catch (IOException _) {
      // Busy until its last process has been reaped: the caller tries again.
    }
  }

  private interface Visitor {
    void visit(Path directory);
  }

  private static void forEachBelow(Path directory, int depth, Visitor visitor) {
    visitor.visit(directory);
    if (depth > 0) {
      for (Path below : subdirectories(directory)) {
        forEachBelow(below, depth - 1, visitor);
      }
    }
  }

  private static List<Path> subdirectories(Path directory) {
    var result = new ArrayList<Path>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, Files::isDirectory)) {
      entries.forEach(result::add);
    } catch (IOException _) {
      // Gone meanwhile.
    }
    return result;
  }
}
