package dev.carafe.plugin.diff.tar;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.nio.charset.StandardCharsets;

/**
 * A point in time as file systems keep it.
 *
 * @param seconds since 1970, may be negative
 * @param nanos 0 to 999999999, counted forward also before 1970
 */
record TarTime(long seconds, int nanos) implements Comparable<TarTime> {
  static final TarTime EPOCH = new TarTime(0, 0);

  private static final int SECOND_DIGITS = 18;
  private static final int NANO_DIGITS = 9;

  /** Reads a pax time, {@code [-]SECONDS[.FRACTION]} (POSIX, pax, "pax Extended Header"). */
  static TarTime parse(String key, byte[] value) {
    String text = new String(value, StandardCharsets.ISO_8859_1);
    boolean negative = text.startsWith("-");
    int dot = text.indexOf('.');
    String whole = text.substring(negative ? 1 : 0, dot < 0 ? text.length() : dot);
    String fraction = dot < 0 ? "" : text.substring(dot + 1);
    if (whole.isEmpty()
        || whole.length() > SECOND_DIGITS
        || !isDecimal(whole)
        || !isDecimal(fraction)) {
      throw new InvalidArgumentException("pax record " + key + ": not a time");
    }
    long seconds = Long.parseLong(whole);
    int nanos = 0;
    for (int i = 0; i < NANO_DIGITS; i++) {
      nanos = nanos * 10 + (i < fraction.length() ? fraction.charAt(i) - '0' : 0);
    }
    if (!negative) {
      return new TarTime(seconds, nanos);
    }
    return nanos == 0 ? new TarTime(-seconds, 0) : new TarTime(-seconds - 1, 1_000_000_000 - nanos);
  }

  /** As {@link #parse} reads it, in the shortest form. */
  String format() {
    if (nanos == 0) {
      return Long.toString(seconds);
    }
    boolean negative = seconds < 0;
    long whole = negative ? -(seconds + 1) : seconds;
    String fraction = Integer.toString(1_000_000_000 + (negative ? 1_000_000_000 - nanos : nanos));
    int end = fraction.length();
    while (fraction.charAt(end - 1) == '0') {
      end--;
    }
    return (negative ? "-" : "") + whole + "." + fraction.substring(1, end);
  }

  @Override
  public int compareTo(TarTime other) {
    int bySeconds = Long.compare(seconds, other.seconds);
    return bySeconds != 0 ? bySeconds : Integer.compare(nanos, other.nanos);
  }

  private static boolean isDecimal(String text) {
    return text.chars().allMatch(c -> c >= '0' && c <= '9');
  }
}
