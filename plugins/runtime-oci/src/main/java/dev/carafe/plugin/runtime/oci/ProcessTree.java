package dev.carafe.plugin.runtime.oci;

import dev.carafe.linux.Backoff;
import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.ProcessCalls;
import dev.carafe.linux.ProcessStat;
import dev.carafe.linux.Signals;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Finds and ends processes by who started them, for what has not answered in time. */
final class ProcessTree {
  private static final Path PROC = Path.of("/proc");
  private static final int LONGEST_LIST = 256 * 1024;

  private ProcessTree() {}

  /** Signals whoever has the number now; that it is gone is no failure. */
  static void send(long pid, int signal) {
    try {
      ProcessCalls.kill(pid, signal);
    } catch (ErrnoException e) {
      if (!e.is(Errno.ESRCH)) {
        throw e;
      }
    }
  }

  /**
   * Kills a process with all that descend from it: first those below, which a monitor inherits when
   * their parents die, then itself. All are stopped before the first is killed: whoever waits for a
   * child must not go on when that is killed.
   *
   * @return whether all are gone
   */
  static boolean kill(Pid top, Duration limit) throws InterruptedException {
    return Backoff.until(
        limit,
        () -> {
          if (!top.isAlive()) {
            return true;
          }
          top.signal(Signals.SIGSTOP);
          List<Pid> below = descendants(top);
          below.forEach(process -> process.signal(Signals.SIGSTOP));
          below.forEach(process -> process.signal(Signals.SIGKILL));
          if (below.isEmpty()) {
            top.signal(Signals.SIGKILL);
          }
          return false;
        });
  }

  /** Everything that descends from {@code top} and is not a zombie. */
  static List<Pid> descendants(Pid top) {
    Map<Long, List<ProcessStat>> byParent = new HashMap<>();
    for (long pid : all()) {
      ProcessStat.of(pid)
          .ifPresent(
              stat -> byParent.computeIfAbsent(stat.parent(), _ -> new ArrayList<>()).add(stat));
    }
    var found = new ArrayList<Pid>();
    var open = new ArrayList<Long>(List.of(top.number()));
    Set<Long> seen = new HashSet<>();
    while (!open.isEmpty()) {
      long parent = open.removeLast();
      if (seen.add(parent)) {
        for (ProcessStat stat : byParent.getOrDefault(parent, List.of())) {
          open.add(stat.pid());
          if (!stat.isZombie()) {
            found.add(new Pid(stat.pid(), stat.startTime()));
          }
        }
      }
    }
    return found;
  }

  /** All processes that were started with {@code NAME=value} in their environment. */
  static List<Pid> withVariable(String variable) {
    var found = new ArrayList<Pid>();
    for (long pid : all()) {
      Pid process = Pid.of(pid);
      if (hasVariable(pid, variable) && process.isAlive()) {
        found.add(process);
      }
    }
    return found;
  }

  static boolean hasVariable(long pid, String variable) {
    return lists(pid, "environ", variable);
  }

  static boolean hasArgument(long pid, String argument) {
    return lists(pid, "cmdline", argument);
  }

  /** Whether one of the NUL-terminated items of the file is {@code item}. */
  private static boolean lists(long pid, String file, String item) {
    try (var in = Files.newInputStream(PROC.resolve(Long.toString(pid)).resolve(file))) {
      var items = new String(in.readNBytes(LONGEST_LIST), StandardCharsets.UTF_8);
      return ("\0" + items).contains("\0" + item + "\0");
    } catch (IOException _) {
      return false;
    }
  }

  private static List<Long> all() {
    var pids = new ArrayList<Long>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(PROC, "[1-9]*")) {
      for (Path entry : entries) {
        pids.add(Long.parseLong(entry.getFileName().toString()));
      }
    } catch (IOException | NumberFormatException _) {
      // What was listed so far will do: the caller looks again.
    }
    return pids;
  }
}
