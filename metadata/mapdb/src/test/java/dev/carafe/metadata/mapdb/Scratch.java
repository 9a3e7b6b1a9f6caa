package dev.carafe.metadata.mapdb;

import dev.carafe.testkit.Trees;
import dev.carafe.testkit.WorkDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Directories for tests that open a database many times. */
final class Scratch {
  private static final Path MEMORY = Path.of("/dev/shm");

  private Scratch() {}

  /** An empty directory, in memory where the machine has such; removed after the test. */
  static Path directory(WorkDirectory work) throws IOException {
    Path base = Files.isWritable(MEMORY) ? MEMORY : work.path();
    Path directory = Files.createTempDirectory(base, "carafe-mapdb-");
    work.closeLater(() -> Trees.delete(directory));
    return directory;
  }

  /** Copies the files of a database. */
  static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (var paths = Files.list(from)) {
      for (Path path : paths.filter(Files::isRegularFile).toList()) {
        Files.copy(path, to.resolve(path.getFileName()));
      }
    }
  }
}
