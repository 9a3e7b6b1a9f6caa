package dev.carafe.testkit.metadata;

import dev.carafe.spi.metadata.MetadataDatabase;
import java.nio.file.Path;

/** What a suite needs to know about the metadata database under test. */
@FunctionalInterface
public interface MetadataDatabaseHarness {
  /**
   * Opens the database over {@code root}, an empty directory at first. Called again on the same
   * root, with the old instance closed, to simulate a restart, and on a copy of a root, made while
   * the instance was open, to simulate a crash. The suite closes every instance in the end.
   */
  MetadataDatabase open(Path root);

  /** Whether the content survives a restart. If not, a new instance must be empty. */
  default boolean survivesRestart() {
    return true;
  }
}
