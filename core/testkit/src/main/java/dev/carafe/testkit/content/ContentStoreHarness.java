package dev.carafe.testkit.content;

import dev.carafe.spi.content.ContentStore;
import java.nio.file.Path;

/** What a suite needs to know about the content store under test. */
@FunctionalInterface
public interface ContentStoreHarness {
  /**
   * Opens the store over {@code root}, an empty directory at first. Called again on the same root
   * to simulate a restart, with the old instance closed (if it is {@link AutoCloseable}) or, as
   * after a crash, not. The suite closes every instance in the end.
   */
  ContentStore open(Path root);

  /**
   * Whether the store keeps labels. If not, it must show none and refuse to update them with {@code
   * UnimplementedException}.
   */
  default boolean keepsLabels() {
    return true;
  }

  /** Whether blobs and ingests survive a restart. If not, a new instance must be empty. */
  default boolean survivesRestart() {
    return true;
  }
}
