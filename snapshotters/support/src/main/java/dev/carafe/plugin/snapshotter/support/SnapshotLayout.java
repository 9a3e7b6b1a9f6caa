package dev.carafe.plugin.snapshotter.support;

import java.nio.file.Path;

/**
 * Where a snapshotter keeps what. The only place that knows.
 *
 * <pre>
 * ROOT/
 *   snapshots.log          what exists: one checksummed frame per group of changes
 *   snapshots.log.new      the log being rewritten; a left-over is removed at the next start
 *   snapshots/
 *     ID/                  one snapshot; ID is a decimal number that is never used again
 *       fs/                its files: a copy, or an overlay's upper or lower directory
 *       work/              the overlay's work directory; only where the snapshotter needs one
 *     ID.new/              a snapshot being made
 * </pre>
 *
 * A directory that the log does not name is left over, from a crash or a removal, and goes with the
 * next clean-up. The log wins: it is written after the directory is made and before it is removed.
 */
public record SnapshotLayout(Path root) {
  private static final String NEW = ".new";

  Path log() {
    return root.resolve("snapshots.log");
  }

  Path newLog() {
    return root.resolve("snapshots.log" + NEW);
  }

  Path snapshots() {
    return root.resolve("snapshots");
  }

  Path directory(long id) {
    return snapshots().resolve(Long.toString(id));
  }

  Path newDirectory(long id) {
    return snapshots().resolve(id + NEW);
  }

  /** The files in a snapshot's directory. */
  static Path files(Path directory) {
    return directory.resolve("fs");
  }

  static Path work(Path directory) {
    return directory.resolve("work");
  }

  /** The id in the name of a snapshot's directory, finished or not; -1 if it is something else. */
  static long id(String name) {
    String number = name.endsWith(NEW) ? name.substring(0, name.length() - NEW.length()) : name;
    if (number.isEmpty() || number.length() > 18) {
      return -1;
    }
    for (int i = 0; i < number.length(); i++) {
      if (number.charAt(i) < '0' || number.charAt(i) > '9') {
        return -1;
      }
    }
    return Long.parseLong(number);
  }

  static boolean isUnfinished(String name) {
    return name.endsWith(NEW);
  }
}
