package dev.carafe.ctr;

import java.util.List;
import java.util.Locale;

/** Names of signals on Linux (signal(7)). */
final class Signals {
  private static final List<String> NAMES =
      List.of(
          ("- HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD"
                  + " CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS")
              .split(" "));
  private static final int MAX = 64;

  private Signals() {}

  /** Reads {@code TERM}, {@code SIGTERM} or {@code 15}. */
  static int number(String text) {
    String name = text.toUpperCase(Locale.ROOT);
    int known = NAMES.indexOf(name.startsWith("SIG") ? name.substring(3) : name);
    if (known > 0) {
      return known;
    }
    try {
      int number = Integer.parseInt(text);
      if (number > 0 && number <= MAX) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw new UsageException("signal \"" + text + "\" is unknown");
    }
    throw new UsageException("signal \"" + text + "\" is unknown");
  }
}
