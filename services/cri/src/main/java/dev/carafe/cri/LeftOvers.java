package dev.carafe.cri;

import dev.carafe.linux.Mounter;
import dev.carafe.linux.TreeRemover;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Directories that an earlier daemon was making or using when it was killed. */
final class LeftOvers {
  private LeftOvers() {}

  /** Directories of commands: whoever waited for them is gone. */
  static List<Path> commands(Path state) {
    try (DirectoryStream<Path> found = Files.newDirectoryStream(state, "exec-*")) {
      List<Path> directories = new ArrayList<>();
      found.forEach(directories::add);
      return directories;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Directories of containers whose records were never written. */
  static void ofContainers(Path root, Set<String> known) {
    try (DirectoryStream<Path> found = Files.newDirectoryStream(root, "[0-9a-f]*")) {
      for (Path one : found) {
        String name = one.getFileName().toString();
        boolean ours = name.matches("[0-9a-f]{64}") || name.startsWith("checkpoint-");
        if (ours && !known.contains(name)) {
          ImageVolumes.unmount(Mounter.kernel(), one);
          TreeRemover.remove(one);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
