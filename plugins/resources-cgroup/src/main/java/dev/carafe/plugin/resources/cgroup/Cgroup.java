package dev.carafe.plugin.resources.cgroup;

import dev.carafe.linux.Backoff;
import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.ProcessCalls;
import dev.carafe.linux.Signals;
import dev.carafe.spi.resources.GroupPlace;
import dev.carafe.spi.resources.ResourceGroup;
import dev.carafe.spi.runtimes.TaskMetrics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The control group of a container, or one directory per controller in version 1.
 *
 * @param oom tells of kills for want of memory
 */
record Cgroup(GroupPlace place, OomWatch oom) implements ResourceGroup {
  /** Controllers by which the processes of a version 1 group are found, best first. */
  private static final List<String> LISTING =
      List.of("pids", "freezer", "devices", "memory", "cpu", "name=systemd", "");

  private static final int DEPTH = 32;
  private static final int TRIES_BEFORE_THAW = 20;
  private static final int MAX_PIDS = 1 << 20;

  boolean unified() {
    return place.unified();
  }

  /** The directory of a controller, or null if there is none. */
  @Nullable Path directory(String controller) {
    String path = place.paths().get(unified() ? "" : controller);
    return path == null ? null : Path.of(path);
  }

  @Override
  public Set<Long> pids() {
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

  @Override
  public void signalAll(int signal, Duration limit) throws InterruptedException {
    if (signal == Signals.SIGKILL && killByKernel()) {
      return;
    }
    boolean frozen = state() != State.THAWED;
    boolean ours = !frozen && canFreeze() && freeze(limit);
    try {
      for (long pid : pids()) {
        send(pid, signal);
      }
    } finally {
      if (ours || (frozen && signal == Signals.SIGKILL)) {
        thaw();
      }
    }
  }

  @Override
  public boolean killAll(Duration limit) throws InterruptedException {
    return Backoff.until(
        limit,
        () -> {
          Set<Long> pids = pids();
          if (pids.isEmpty()) {
            return true;
          }
          if (!killByKernel()) {
            pids.forEach(pid -> send(pid, Signals.SIGKILL));
            if (state() != State.THAWED) {
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
      return unified()
          && group != null
          && CgroupFiles.writeIfPresent(group.resolve("cgroup.kill"), "1");
    } catch (IOException _) {
      return false;
    }
  }

  @Override
  public boolean canFreeze() {
    return freezer() != null;
  }

  private @Nullable Path freezer() {
    Path directory = directory("freezer");
    Path file =
        directory == null ? null : directory.resolve(unified() ? "cgroup.freeze" : "freezer.state");
    return file != null && Files.exists(file) ? file : null;
  }

  @Override
  public boolean freeze(Duration limit) throws InterruptedException {
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
              if (!unified() && ++tries[0] % TRIES_BEFORE_THAW == 0) {
                thaw();
                return false;
              }
              writeOrFail(file, unified() ? "1" : "FROZEN");
              return state() == State.FROZEN;
            });
    if (!done) {
      thaw();
    }
    return done;
  }

  @Override
  public void thaw() {
    Path file = freezer();
    if (file != null) {
      writeOrFail(file, unified() ? "0" : "THAWED");
    }
  }

  @Override
  public State state() {
    Path file = freezer();
    if (file == null) {
      return State.THAWED;
    }
    String text = CgroupFiles.read(file).trim();
    if (!unified()) {
      return switch (text) {
        case "FROZEN" -> State.FROZEN;
        case "FREEZING" -> State.FREEZING;
        default -> State.THAWED;
      };
    }
    if (!text.equals("1")) {
      return State.THAWED;
    }
    Path events = file.resolveSibling("cgroup.events");
    return CgroupFiles.table(events).getOrDefault("frozen", 0L) == 1
        ? State.FROZEN
        : State.FREEZING;
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

  @Override
  public long oomKills() {
    Path directory = directory("memory");
    return directory == null
        ? 0
        : CgroupFiles.table(directory.resolve(unified() ? "memory.events" : "memory.oom_control"))
            .getOrDefault("oom_kill", 0L);
  }

  /** A scope's is that of its slice; of other groups none is known to go by itself. */
  @Override
  public long oomKillsAbove() {
    Path scope = unified() ? directory("") : null;
    while (scope != null && !scope.toString().endsWith(".scope")) {
      scope = scope.getParent();
    }
    return scope == null
        ? 0
        : CgroupFiles.table(scope.resolveSibling("memory.events")).getOrDefault("oom_kill", 0L);
  }

  @Override
  public boolean exists() {
    return place.paths().values().stream().anyMatch(path -> Files.isDirectory(Path.of(path)));
  }

  @Override
  public boolean remove(Duration limit) throws InterruptedException {
    return Backoff.until(
        limit,
        () -> {
          for (String path : Set.copyOf(place.paths().values())) {
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

  @Override
  public TaskMetrics metrics() {
    return unified()
        ? new TaskMetrics(Instant.now(), TaskMetrics.CGROUPS_V2, MetricsV2.read(this))
        : new TaskMetrics(Instant.now(), TaskMetrics.CGROUPS_V1, MetricsV1.read(this));
  }

  @Override
  public Watch onOom(Runnable told) {
    return oom.watch(this, told);
  }

  /** Signals whoever has the number now; that it is gone is no failure. */
  private static void send(long pid, int signal) {
    try {
      ProcessCalls.kill(pid, signal);
    } catch (ErrnoException e) {
      if (!e.is(Errno.ESRCH)) {
        throw e;
      }
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
