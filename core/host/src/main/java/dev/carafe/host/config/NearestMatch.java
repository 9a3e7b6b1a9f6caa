package dev.carafe.host.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds what somebody who mistyped a name may have meant. */
public final class NearestMatch {
  private NearestMatch() {}

  /**
   * {@code ; did you mean "NAME"?} for the known name with the fewest edits, if they are few enough
   * for it to be a slip; else the empty string.
   */
  public static String hint(String unknown, Collection<String> known) {
    return nearest(unknown, known).map(name -> "; did you mean \"" + name + "\"?").orElse("");
  }

  static Optional<String> nearest(String unknown, Collection<String> known) {
    int most = Math.max(2, unknown.length() / 3);
    return known.stream()
        .filter(name -> edits(unknown, name) <= most)
        .min(
            Comparator.comparingInt((String name) -> edits(unknown, name))
                .thenComparing(Comparator.naturalOrder()));
  }

  /** Insertions, deletions and replacements between two names (Levenshtein). */
  private static int edits(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
