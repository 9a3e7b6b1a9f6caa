package dev.carafe.metadata.mapdb;

import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Pattern;

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
  private static final Pattern TABLE = Pattern.compile("checkpoint-(\\d{19})\\.table");
  private static final Pattern SEGMENT = Pattern.compile("journal-(\\d{10})\\.log");

  Path manifest() {
    return directory.resolve("manifest");
  }

  Path lock() {
    return directory.resolve("lock");
  }

  Path table(long revision) {
    return directory.resolve("checkpoint-%019d.table".formatted(revision));
  }

  Path segment(long number) {
    return directory.resolve("journal-%010d.log".formatted(number));
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
    return number(TABLE, path);
  }

  static OptionalLong segmentNumber(Path path) {
    return number(SEGMENT, path);
  }

  private static OptionalLong number(Pattern pattern, Path path) {
    var matcher = pattern.matcher(path.getFileName().toString());
    return matcher.matches()
        ? OptionalLong.of(Long.parseLong(matcher.group(1)))
        : OptionalLong.empty();
  }

  /** The command that mends a damaged journal or manifest; the daemon's root is one level up. */
  String repairCommand() {
    Path root = directory.toAbsolutePath().normalize().getParent();
    return "carafed db repair --root " + (root == null ? directory : root);
  }
}
