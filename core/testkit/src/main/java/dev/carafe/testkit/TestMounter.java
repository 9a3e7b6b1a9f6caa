package dev.carafe.testkit;

import dev.carafe.spi.mounts.Mount;
import java.nio.file.Path;
import java.util.List;

/**
 * Shows mounts as a directory. A suite mounts through this only, so that a plugin that returns one
 * bind mount can be checked without privilege ({@link #direct}), and all others with whatever mount
 * code their authors have.
 */
public interface TestMounter {
  /**
   * Shows {@code mounts} until the result is closed.
   *
   * @param directory an empty directory that may be mounted on
   */
  Mounted mount(List<Mount> mounts, Path directory);

  /** Whether writing into a read-only mount fails; if not, the suite only looks for the option. */
  default boolean enforcesReadOnly() {
    return true;
  }

  /** Treats a single bind mount as its source. Mounts nothing, needs no privilege. */
  static TestMounter direct() {
    return new DirectMounter();
  }

  /** Mounts for real; needs root. */
  static TestMounter kernel() {
    return new KernelMounter();
  }

  /** {@link #kernel} for root, {@link #direct} for everybody else. */
  static TestMounter available() {
    return System.getProperty("user.name").equals("root") ? kernel() : direct();
  }

  /** Mounted files. */
  interface Mounted extends AutoCloseable {
    /** Where they are. */
    Path root();

    /** Unmounts. Idempotent. */
    @Override
    void close();
  }
}
