package dev.carafe.metadata.mapdb;

import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * Names in the directory of a database.
 *
 * <pre>
 * manifest                                which of the files below are in use; replaced as a whole
 * checkpoint-0000000000000000123.table    everything up to revision 123: a MapDB sorted table + footer
 * journal-0000000007.log                  what came later, in segments with consecutive numbers
 * lock                                    locked while a process has the database open
 * *.tmp                                   unfinished; removed by the next open
 * damaged-1/                              what a repair replaced
 * </pre>
 */
record Layout(Path directory) {
  private static final String TABLE_PREFIX = "checkpoint-";
  private static final String TABLE_SUFFIX = ".table";
  private static final int TABLE_DIGITS = 19;
  private static final String SEGMENT_PREFIX = "journal-";
  private static final String SEGMENT_SUFFIX = ".log";
  private static final int SEGMENT_DIGITS = 10;

  Path manifest() {
    return directory.resolve("manifest");
  }

  Path lock() {
    return directory.resolve("lock");
  }

  Path table(long revision) {
    return directory.resolve(TABLE_PREFIX + padded(revision, TABLE_DIGITS) + TABLE_SUFFIX);
  }

  Path segment(long number) {
    return directory.resolve(SEGMENT_PREFIX + padded(number, SEGMENT_DIGITS) + SEGMENT_SUFFIX);
  }

  private static String padded(long number, int digits) {
    String text = Long.toString(number);
    return "0".repeat(digits - text.length()) + text;
  }

  Path damaged(int number) {
    return directory.resolve("damaged-" + number);
  }

  static Path temporary(Path path) {
    return path.resolveSibling(path.getFileName() + ".tmp");
  }

  static boolean isTemporary(Path path) {
    return path.getFileName().toString().endsWith(".tmp");
  }

  static OptionalLong tableRevision(Path path) {
    return number(path, TABLE_PREFIX, TABLE_DIGITS, TABLE_SUFFIX);
  }

  static OptionalLong segmentNumber(Path path) {
    return number(path, SEGMENT_PREFIX, SEGMENT_DIGITS, SEGMENT_SUFFIX);
  }

  private static OptionalLong number(Path path, String prefix, int digits, String suffix) {
    String name = path.getFileName().toString();
    if (name.length() == prefix.length() + digits + suffix.length()
        && name.startsWith(prefix)
        && name.endsWith(suffix)) {
      String number = name.substring(prefix.length(), prefix.length() + digits);
      if (number.chars().allMatch(digit -> digit >= '0' && digit <= '9')) {
        try {
          return OptionalLong.of(Long.parseLong(number));
        } catch (NumberFormatException _) {
          return OptionalLong.empty();
        }
      }
    }
    return OptionalLong.empty();
  }

  /** The command that mends a damaged journal or manifest; the daemon's root is one level up. */
  String repairCommand() {
    Path root = directory.toAbsolutePath().normalize().getParent();
    return "carafed db repair --root " + (root == null ? directory : root);
  }
}
