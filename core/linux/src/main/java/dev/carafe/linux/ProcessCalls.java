package dev.carafe.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Kernel calls about processes. All throw {@link ErrnoException}.
 *
 * <p>The virtual machine reaps only the children that {@code ProcessBuilder} started, each by its
 * pid, and these calls only the one that they are given: neither takes the other's.
 */
public final class ProcessCalls {
  private static final int P_PID = 1;
  private static final int P_PIDFD = 3;
  private static final int WNOHANG = 1;
  private static final int WEXITED = 4;
  private static final int CLD_EXITED = 1;
  private static final int SIGINFO_SIZE = 128;
  private static final int PR_SET_CHILD_SUBREAPER = 36;

  private ProcessCalls() {}

  /**
   * pidfd_open(2). Readable once the process has ended. ESRCH if there is none, or it was reaped.
   * Needs Linux 5.3.
   */
  public static Fd pidfdOpen(long pid) {
    try (Scratch s = Scratch.take()) {
      return Fd.adopt(
          Calls.PIDFD_OPEN.check(Calls.PIDFD_OPEN.call(s, pid, 0, 0, 0), s, "pid " + pid));
    }
  }

  /**
   * The process that had {@code pid} and began at {@code startTime}; empty if it is gone, whoever
   * has the number now.
   */
  public static Optional<Fd> pidfdOpen(long pid, long startTime) {
    Fd pidfd;
    try {
      pidfd = pidfdOpen(pid);
    } catch (ErrnoException e) {
      if (e.is(Errno.ESRCH)) {
        return Optional.empty();
      }
      throw e;
    }
    if (ProcessStat.of(pid).filter(stat -> stat.startTime() == startTime).isPresent()) {
      return Optional.of(pidfd);
    }
    pidfd.close();
    return Optional.empty();
  }

  /** pidfd_send_signal(2); signal 0 only asks. ESRCH once the process is reaped. */
  public static void pidfdSendSignal(Fd pidfd, int signal) {
    try (Scratch s = Scratch.take()) {
      int result = Calls.PIDFD_SEND_SIGNAL.call(s, pidfd.number(), signal, 0, 0);
      Calls.PIDFD_SEND_SIGNAL.check(result, s, "signal " + signal + " to " + pidfd);
    }
  }

  /**
   * pidfd_getfd(2): a descriptor of this process for what {@code number} is in another. ESRCH once
   * that is reaped, EBADF if it has no such descriptor. Needs Linux 5.6 and the right to trace it.
   */
  public static Fd pidfdGetfd(Fd pidfd, int number) {
    try (Scratch s = Scratch.take()) {
      int result = Calls.PIDFD_GETFD.call(s, pidfd.number(), number, 0, 0);
      return Fd.adopt(Calls.PIDFD_GETFD.check(result, s, "fd " + number + " of " + pidfd));
    }
  }

  /** kill(2); a negative pid means a process group. */
  public static void kill(long pid, int signal) {
    try (Scratch s = Scratch.take()) {
      Calls.KILL.check(Calls.KILL.call(s, pid, signal), s, "signal " + signal + " to pid " + pid);
    }
  }

  /**
   * Reaps a child if it has ended: waitid(2) without waiting. Empty while it runs. ECHILD if it is
   * nobody's that this process may reap. Needs Linux 5.4.
   */
  public static Optional<ExitStatus> reap(Fd pidfd) {
    return waitid(P_PIDFD, pidfd.number(), WEXITED | WNOHANG);
  }

  /** Reaps a child, waiting for its end however long that takes. */
  public static ExitStatus waitFor(Fd pidfd) {
    return Offload.callAlone(() -> waitid(P_PIDFD, pidfd.number(), WEXITED).orElseThrow());
  }

  /** As {@link #waitFor(Fd)}, for a child whose number nobody else reaps. */
  public static ExitStatus waitFor(long pid) {
    return Offload.callAlone(() -> waitid(P_PID, pid, WEXITED).orElseThrow());
  }

  private static Optional<ExitStatus> waitid(int type, long id, int options) {
    try (Scratch s = Scratch.take()) {
      MemorySegment info = s.zeroed(SIGINFO_SIZE);
      int result;
      do {
        result = Calls.WAITID.call(s, type, id, info.address(), options);
      } while (result < 0 && s.errno() == Errno.EINTR);
      Calls.WAITID.check(result, s, (type == P_PID ? "pid " : "pidfd ") + id);
      if (info.get(JAVA_INT, 16) == 0) {
        return Optional.empty();
      }
      int status = info.get(JAVA_INT, 24);
      boolean exited = info.get(JAVA_INT, 8) == CLD_EXITED;
      return Optional.of(exited ? new ExitStatus(status, 0) : new ExitStatus(0, status));
    }
  }

  /**
   * prctl(PR_SET_CHILD_SUBREAPER): whether orphaned descendants become children of this process,
   * which must then {@link #reap} them.
   */
  public static void setChildSubreaper(boolean subreaper) {
    try (Scratch s = Scratch.take()) {
      int result = Calls.PRCTL.call(s, PR_SET_CHILD_SUBREAPER, subreaper ? 1 : 0, 0, 0, 0);
      Calls.PRCTL.check(result, s, "PR_SET_CHILD_SUBREAPER");
    }
  }

  /**
   * signal(2) with SIG_DFL: gives a signal its default action back, for what this process inherited
   * as ignored (nohup, shells' background jobs) and the virtual machine would leave so.
   */
  public static void defaultAction(int signal) {
    try (Scratch s = Scratch.take()) {
      int former = Calls.SIGNAL.call(s, signal, 0);
      // The former handler's address may look negative, but only the error is -1.
      if (former == -1) {
        Calls.SIGNAL.check(former, s, "SIG_DFL for signal " + signal);
      }
    }
  }

  /** getuid(2), 0 to 2³²-1. */
  public static long getuid() {
    return id(Calls.GETUID);
  }

  /** geteuid(2), 0 to 2³²-1. */
  public static long geteuid() {
    return id(Calls.GETEUID);
  }

  /** getgid(2), 0 to 2³²-1. */
  public static long getgid() {
    return id(Calls.GETGID);
  }

  /** getegid(2), 0 to 2³²-1. */
  public static long getegid() {
    return id(Calls.GETEGID);
  }

  /** umask(2), for the whole process; returns the former mask. */
  public static int umask(int mask) {
    try (Scratch s = Scratch.take()) {
      return Calls.UMASK.call(s, mask);
    }
  }

  private static long id(NativeCall call) {
    try (Scratch s = Scratch.take()) {
      return call.call(s) & 0xffffffffL;
    }
  }

  private static final class Calls {
    static final Syscall PIDFD_SEND_SIGNAL = new Syscall("pidfd_send_signal", 424, "5.1");
    static final Syscall PIDFD_GETFD = new Syscall("pidfd_getfd", 438, "5.6");
    static final Syscall PIDFD_OPEN = new Syscall("pidfd_open", 434, "5.3");
    static final NativeCall KILL = NativeCall.of("kill");
    static final NativeCall WAITID = NativeCall.of("waitid");
    static final NativeCall PRCTL = NativeCall.of("prctl");
    static final NativeCall SIGNAL = NativeCall.of("signal");
    static final NativeCall GETUID = NativeCall.of("getuid");
    static final NativeCall GETEUID = NativeCall.of("geteuid");
    static final NativeCall GETGID = NativeCall.of("getgid");
    static final NativeCall GETEGID = NativeCall.of("getegid");
    static final NativeCall UMASK = NativeCall.of("umask");
  }
}
