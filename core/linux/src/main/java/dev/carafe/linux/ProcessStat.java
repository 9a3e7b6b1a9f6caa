package dev.carafe.linux;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What {@code /proc/PID/stat} tells (proc_pid_stat(5)).
 *
 * @param state such as {@code R}, {@code S}, {@code Z}
 * @param startTime in clock ticks since boot: with the pid it names a process uniquely
 */
public record ProcessStat(
    long pid, char state, long parent, long processGroup, long session, long startTime) {
  private static final int MAX = 4096;

  /** Empty if there is no such process. */
  public static Optional<ProcessStat> of(long pid) {
    RawPath path = RawPath.of("/proc/" + pid + "/stat");
    try (Fd file = PathCalls.openat(Fd.CWD, path, OpenFlags.RDONLY, 0)) {
      return Optional.of(parse(pid, FileIo.readAll(file, MAX)));
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOENT) || e.is(Errno.ESRCH)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** The name, in parentheses, may itself hold parentheses and spaces. */
  static ProcessStat parse(long pid, byte[] line) {
    String text = new String(line, StandardCharsets.ISO_8859_1);
    String[] fields = text.substring(text.lastIndexOf(')') + 2).split(" ", 21);
    return new ProcessStat(
        pid,
        fields[0].charAt(0),
        Long.parseLong(fields[1]),
        Long.parseLong(fields[2]),
        Long.parseLong(fields[3]),
        Long.parseLong(fields[19]));
  }

  /** Whether it is over and only waits to be reaped. */
  public boolean isZombie() {
    return state == 'Z' || state == 'X';
  }
}
