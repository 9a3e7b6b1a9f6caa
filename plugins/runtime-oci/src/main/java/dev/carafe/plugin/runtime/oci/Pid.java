package dev.carafe.plugin.runtime.oci;

import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.ProcessCalls;
import dev.carafe.linux.ProcessStat;
import java.util.Optional;

/**
 * One process and no other: its number and when it began.
 *
 * @param number as the daemon's pid namespace counts; 0 for none
 * @param startTime clock ticks since boot; 0 if it was gone before anybody looked
 */
record Pid(long number, long startTime) {
  static final Pid NONE = new Pid(0, 0);

  /** Takes down who {@code number} is now. */
  static Pid of(long number) {
    return new Pid(number, ProcessStat.of(number).map(ProcessStat::startTime).orElse(0L));
  }

  boolean isNone() {
    return number == 0;
  }

  /** The process, unless it is gone and reaped, whoever has its number now. */
  Optional<ProcessStat> stat() {
    return number <= 0 || startTime == 0
        ? Optional.empty()
        : ProcessStat.of(number).filter(stat -> stat.startTime() == startTime);
  }

  /** Whether it runs: a zombie does not. */
  boolean isAlive() {
    return stat().filter(stat -> !stat.isZombie()).isPresent();
  }

  /** A descriptor of it, readable at its end; empty if it is gone. */
  Optional<Fd> open() {
    return number <= 0 || startTime == 0
        ? Optional.empty()
        : ProcessCalls.pidfdOpen(number, startTime);
  }

  /** Signals it; returns whether it was there to be signalled. */
  boolean signal(int signal) {
    Optional<Fd> pidfd = open();
    if (pidfd.isEmpty()) {
      return false;
    }
    try (Fd process = pidfd.get()) {
      ProcessCalls.pidfdSendSignal(process, signal);
      return true;
    } catch (ErrnoException e) {
      if (e.is(Errno.ESRCH)) {
        return false;
      }
      throw e;
    }
  }
}
