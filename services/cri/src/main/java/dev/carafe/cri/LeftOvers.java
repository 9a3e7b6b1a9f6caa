package dev.carafe.cri;

import dev.carafe.linux.TreeRemover;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** Directories that an earlier daemon was making or using when it was killed. */
final class LeftOvers {
  private LeftOvers() {}

  /** FIFOs of commands: whoever waited for them is gone. */
  static void ofCommands(Path state) {
    remove(state, "exec-*", Set.of());
  }

  /** Directories of containers whose records were never written. */
  static void ofContainers(Path root, Set<String> known) {
    remove(root, "[0-9a-f]*", known);
  }

  private static void remove(Path directory, String names, Set<String> known) {
    try (DirectoryStream<Path> found = Files.newDirectoryStream(directory, names)) {
      for (Path one : found) {
        String name = one.getFileName().toString();
        boolean ours = name.startsWith("exec-") || name.matches("[0-9a-f]{64}");
        if (ours && !known.contains(name)) {
          TreeRemover.remove(one);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
