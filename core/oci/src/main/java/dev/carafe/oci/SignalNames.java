package dev.carafe.oci;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Names of signals on Linux (signal(7)), as images, people and CRI write them. */
public final class SignalNames {
  private static final List<String> NAMES =
      List.of(
          ("- HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD"
                  + " CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS")
              .split(" "));
  private static final Map<String, Integer> OTHERS = Map.of("CLD", 17, "IOT", 6, "POLL", 29);
  private static final Pattern REAL_TIME =
      Pattern.compile("RT(MIN|MAX)(?:(?:\\+|-|PLUS|MINUS)(\\d{1,2}))?");
  private static final int FIRST_REAL_TIME = 34;
  private static final int LAST = 64;

  private SignalNames() {}

  /** Reads {@code TERM}, {@code SIGTERM}, {@code 15} or {@code RTMIN+3}; empty if it is none. */
  public static OptionalInt number(String text) {
    String upper = text.toUpperCase(Locale.ROOT);
    String name = upper.startsWith("SIG") ? upper.substring(3) : upper;
    int known = NAMES.indexOf(name);
    if (known > 0) {
      return OptionalInt.of(known);
    }
    Integer other = OTHERS.get(name);
    if (other != null) {
      return OptionalInt.of(other);
    }
    Matcher realTime = REAL_TIME.matcher(name);
    if (realTime.matches()) {
      int offset = realTime.group(2) == null ? 0 : Integer.parseInt(realTime.group(2));
      return inRange(realTime.group(1).equals("MIN") ? FIRST_REAL_TIME + offset : LAST - offset);
    }
    return text.matches("\\d{1,2}") ? inRange(Integer.parseInt(text)) : OptionalInt.empty();
  }

  private static OptionalInt inRange(int number) {
    return number > 0 && number <= LAST ? OptionalInt.of(number) : OptionalInt.empty();
  }
}
