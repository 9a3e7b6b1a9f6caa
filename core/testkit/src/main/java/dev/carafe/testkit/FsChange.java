package dev.carafe.testkit;

import java.time.Instant;

/** One step of an {@link FsTree}. Paths are absolute within the tree: {@code /etc/hosts}. */
public sealed interface FsChange {
  /** A regular file with this mode and exactly these bytes; what was there is replaced. */
  record File(String path, String text, int mode) implements FsChange {}

  /** A regular file that ends in {@code tail} and is a hole before. */
  record SparseFile(String path, long hole, String tail) implements FsChange {}

  /** A directory; one that exists only gets the mode. */
  record Directory(String path, int mode) implements FsChange {}

  /** A symbolic link; {@code target} is free text. */
  record Symlink(String path, String target) implements FsChange {}

  /** Another name of the file at {@code existing}. */
  record HardLink(String path, String existing) implements FsChange {}

  /** Removes a file, or a directory with all in it. */
  record Remove(String path) implements FsChange {}

  /** Renames a file. */
  record Rename(String from, String to) implements FsChange {}

  /** Sets all twelve mode bits. */
  record Mode(String path, int mode) implements FsChange {}

  /** Sets the owner. */
  record Owner(String path, int uid, int gid) implements FsChange {}

  /** Sets the time of the last change, to the nanosecond. */
  record Time(String path, Instant modified) implements FsChange {}

  /** Sets an extended attribute in the {@code user.} class; {@code name} comes without it. */
  record Attribute(String path, String name, String value) implements FsChange {}
}
