package dev.carafe.cni;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A version of the CNI specification. */
record Version(int major, int minor, int patch) implements Comparable<Version> {
  private static final Pattern FORM = Pattern.compile("(\\d{1,4})\\.(\\d{1,4})\\.(\\d{1,4})");
  private static final Comparator<Version> ORDER =
      Comparator.comparingInt(Version::major)
          .thenComparingInt(Version::minor)
          .thenComparingInt(Version::patch);

  /** What a configuration or plugin that says nothing means. */
  static final Version OLDEST = new Version(0, 1, 0);

  /** Results of one plugin are passed to the next, as lists of interfaces and addresses. */
  static final Version V0_3_0 = new Version(0, 3, 0);

  /** CHECK, and results for DEL. */
  static final Version V0_4_0 = new Version(0, 4, 0);

  static final Version V1_0_0 = new Version(1, 0, 0);

  /** STATUS, GC, several versions in one configuration. */
  static final Version V1_1_0 = new Version(1, 1, 0);

  private static final List<Version> SPOKEN =
      List.of(OLDEST, new Version(0, 2, 0), V0_3_0, new Version(0, 3, 1), V0_4_0, V1_0_0, V1_1_0);

  /** Empty text is {@link #OLDEST}. */
  static Version parse(String text) {
    if (text.isEmpty()) {
      return OLDEST;
    }
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new InvalidArgumentException("\"" + Text.shown(text) + "\" is no CNI version");
    }
    return new Version(
        Integer.parseInt(matcher.group(1)),
        Integer.parseInt(matcher.group(2)),
        Integer.parseInt(matcher.group(3)));
  }

  boolean isSpoken() {
    return SPOKEN.contains(this);
  }

  boolean atLeast(Version other) {
    return compareTo(other) >= 0;
  }

  @Override
  public int compareTo(Version other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return major + "." + minor + "." + patch;
  }
}
