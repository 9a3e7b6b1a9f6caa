package dev.carafe.plugin.runtime.shim;

import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.ProcessCalls;
import dev.carafe.linux.ProcessStat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * A shim's process and no other: its number and when it began.
 *
 * @param pid 0 where it is not known
 */
record ShimProcess(long pid, long startTime) {
  static final ShimProcess UNKNOWN = new ShimProcess(0, 0);

  private static final Path PROC = Path.of("/proc");
  private static final int LONGEST_ENVIRONMENT = 256 << 10;
  private static final long LONGEST_PAUSE = 50;

  static ShimProcess of(long pid) {
    return pid <= 0
        ? UNKNOWN
        : ProcessStat.of(pid).map(stat -> new ShimProcess(pid, stat.startTime())).orElse(UNKNOWN);
  }

  boolean isKnown() {
    return pid > 0;
  }

  boolean isAlive() {
    return pid > 0
        && ProcessStat.of(pid)
            .filter(stat -> stat.startTime() == startTime && !stat.isZombie())
            .isPresent();
  }

  void signal(int signal) {
    Optional<Fd> pidfd = pid <= 0 ? Optional.empty() : ProcessCalls.pidfdOpen(pid, startTime);
    if (pidfd.isEmpty()) {
      return;
    }
    try (Fd process = pidfd.get()) {
      ProcessCalls.pidfdSendSignal(process, signal);
    } catch (ErrnoException e) {
      if (!e.is(Errno.ESRCH)) {
        throw e;
      }
    }
  }

  /** Waits for its end; returns whether it came in time. */
  boolean awaitEnd(Duration limit) throws InterruptedException {
    return until(limit, () -> !isAlive());
  }

  /** Tries at once, then ever less often. */
  static boolean until(Duration limit, BooleanSupplier done) throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    long pause = 1;
    while (!done.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        return false;
      }
      Thread.sleep(pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
    return true;
  }

  /** All processes that were started with {@code NAME=value} in their environment. */
  static List<ShimProcess> withVariable(String variable) {
    List<ShimProcess> found = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(PROC, "[1-9]*")) {
      for (Path entry : entries) {
        if (hasVariable(entry, variable)) {
          ShimProcess process = of(Long.parseLong(entry.getFileName().toString()));
          if (process.isAlive()) {
            found.add(process);
          }
        }
      }
    } catch (IOException | NumberFormatException _) {
      // What was listed so far will do: the caller looks again.
    }
    return found;
  }

  private static boolean hasVariable(Path process, String variable) {
    try (var in = Files.newInputStream(process.resolve("environ"))) {
      var items = new String(in.readNBytes(LONGEST_ENVIRONMENT), StandardCharsets.UTF_8);
      return ("\0" + items).contains("\0" + variable + "\0");
    } catch (IOException _) {
      return false;
    }
  }
}
